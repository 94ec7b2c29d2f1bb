/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * UTF-8: what formats demand of every string, and names of processes, paths and symbols need not
 * be.
 */

/* Replace each byte of @text that is no part of well-formed UTF-8 (RFC 3629) by "?". */
void utf8_sanitize(char *text);

/* Whether utf8_sanitize() would leave @text as it is. */
bool utf8_is_valid(const char *text);

/* So many bytes of @text, at most @max_bytes, that no character is cut in two. */
size_t utf8_bounded_length(const char *text, size_t max_bytes);
