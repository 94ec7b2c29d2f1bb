/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sample walk: the samples of a snapshot, one by one, second by second.
 */

#include <stddef.h>
#include <stdint.h>

struct snapshot;
struct window_sample;

struct sample_walk_callback {
	/* @dictionary_i is in the snapshot's dictionaries. Returns 0, or -errno, which ends it. */
	int (*on_sample)(void *context, size_t dictionary_i, int64_t time_unix_ns,
			 const struct window_sample *sample);
	void *context;
};

/*
 * Call @callback for the samples at @start_unix_ns or later and before @end_unix_ns; samples of one
 * second in any order. All of the past is of the range: it was read so (profiler/past_sample.h).
 * What is known of it by its second only is in the middle of that, and has the CPU WINDOW_NO_CPU.
 * Returns what it did, or -ENOMEM.
 */
int sample_walk(const struct snapshot *snapshot, int64_t start_unix_ns, int64_t end_unix_ns,
		const struct sample_walk_callback *callback);
