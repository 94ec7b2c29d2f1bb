/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof: gzipped protobuf, as github.com/google/pprof defines it.
 *
 * Satisfies the strictest of its readers (pprof, Parca, Pyroscope): ids count from 1 in order,
 * every string is UTF-8, labels are strings (but for times), no label is empty, no sample is all
 * zero. The same profile gives the same bytes.
 *
 * The main mapping (main_mapping.h) comes first; all else keeps the order of the profile.
 */

#include "profiler/profile.h"

struct ProtobufCMessage;
struct buffer;

/* See encoder.h. */
int pprof_encode(const struct profile *profile, struct buffer *out);

/*
 * The same of the profile's moments: each is a sample, in order of time, with its time and its CPU
 * as numbers: LABEL_END_TIMESTAMP and LABEL_CPU of label.h; LABEL_PRECISION instead of the CPU
 * where only the second is known. @profile has no extras.
 */
int pprof_encode_moments(const struct profile *profile, struct buffer *out);

struct pprof_callback {
	int (*on_message)(void *context, const struct ProtobufCMessage *message);
	void *context;
};

/*
 * Call @callback with the message that is encoded, a Profile of pprof.proto, which lives for the
 * call; its samples have one value, @weight, alone. @profile has no extras. It returns 0, or
 * -errno.
 *
 * Returns what it did, or -ENOMEM.
 */
int pprof_build(const struct profile *profile, enum profile_weight weight,
		const struct pprof_callback *callback);
