/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Top as JSON: the functions in which time went. docs/api.md shows what it looks like.
 */

#include <stddef.h>

struct buffer;
struct profile;
struct profile_top;

/*
 * Append to @ret_json the first @n functions of @top, which is of @profile; @limits_met has a bit
 * for each limit that was met. Returns 0, -ENOMEM, or -EFBIG if the limit of @ret_json does not
 * suffice.
 */
int top_json_append(const struct profile_top *top, const struct profile *profile, size_t n,
		    unsigned int limits_met, struct buffer *ret_json);
