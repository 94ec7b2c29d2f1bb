/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Folded diff: one line a stack, `process;root;…;leaf BASE COUNT`, as differential flame graphs are
 * drawn from: samples in the base, and in the other profile; stacks that either has are there. All
 * else is as in folded.h.
 */

struct buffer;
struct profile;

/* Append to @out what @profile has beside @base. Returns as an encoder does. */
int folded_diff_encode(const struct profile *base, const struct profile *profile,
		       struct buffer *out);
