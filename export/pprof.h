/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof: gzipped protobuf, as github.com/google/pprof defines it.
 *
 * Satisfies the strictest of its readers (pprof, Parca, Pyroscope): ids count from 1 in order,
 * every string is UTF-8, labels are strings, no label is empty, no sample is all zero. The same
 * profile gives the same bytes.
 *
 * The main mapping (main_mapping.h) comes first; all else keeps the order of the profile.
 */

struct buffer;
struct profile;

/* See encoder.h. */
int pprof_encode(const struct profile *profile, struct buffer *out);
