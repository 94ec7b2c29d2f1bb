/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof sample: a Sample of pprof.proto, as it is written.
 *
 * Samples are nearly all of a large profile. protobuf-c looks at each number of theirs three times,
 * and wants all of them as 64 bits beforehand; here they are written from where they lie, which
 * takes a tenth of the time.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;

struct pprof_sample {
	const void *stack; /* written already, by pprof_stack_append() */
	size_t n_stack_bytes;
	const int64_t *values;
	size_t n_values;
	const void *labels; /* written already: the last fields of a Sample */
	size_t n_label_bytes;
};

/* Append the locations of a stack, leaf first, to @out, as a field of a Sample: the id of each is
 * one more than its number. */
void pprof_stack_append(struct buffer *out, const uint32_t *frames, size_t n_frames);

/* Append it to @out, as a field of a Profile. */
void pprof_sample_append(struct buffer *out, const struct pprof_sample *sample);
