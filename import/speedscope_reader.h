/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Speedscope reader: JSON of https://www.speedscope.app/file-format-schema.json, whose profiles
 * become threads.
 *
 * Weights are in the unit of the first profile; others must have that, too. A sample counts its
 * weight in multiples of the smallest one. Its time is where it ends, from 1970 on: the format
 * knows no other.
 */

#include <stddef.h>

struct complaint;
struct profile;

/* Returns 0 and sets *@ret_profile (owned by the caller), -EBADMSG: see @complaint, or -ENOMEM. */
int speedscope_read(const char *bytes, size_t size, struct profile **ret_profile,
		    struct complaint *complaint);
