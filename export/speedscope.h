/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Speedscope: the file format of https://www.speedscope.app, version of its schema of 2018.
 *
 * One profile a thread, the busiest first, of the type "sampled". A sample's bar is as long as its
 * CPU time and ends when the sample was taken; between bars is nothing, so that what is above one
 * another in two threads happened at once. Inlined functions are frames of their own. A profile
 * without times has one bar after the other.
 */

struct buffer;
struct profile;

/* See struct encoder. */
int speedscope_encode(const struct profile *profile, struct buffer *out);
