/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading: bytes through a reader, and what came of it as folded text. Failures fail the test.
 */

#include <stddef.h>

struct complaint;
struct profile;

typedef int reading_fn(const char *bytes, size_t size, struct profile **ret_profile,
		       struct complaint *complaint);

/* The profile that @read makes of @text; the caller frees it. */
struct profile *reading_of(reading_fn *read, const char *text);

/* @text becomes a profile that is @folded. */
void assert_folded(reading_fn *read, const char *text, const char *folded);

/* @text is refused, with a complaint that is @expected. */
void assert_complaint(reading_fn *read, const char *text, const char *expected);
