/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/sample_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/snapshot.h"
#include "profiler/window.h"

static int walk_window(const struct snapshot_window *held, int64_t start_unix_ns,
		       int64_t end_unix_ns, const struct sample_walk_callback *callback)
{
	const struct window_block *block = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < held->n_samples; i++) {
		size_t sample_i = i % WINDOW_BLOCK_SAMPLES;
		const struct window_sample *sample;
		int64_t time_unix_ns;

		if (sample_i == 0)
			block = block ? block->next : held->window->first;
		sample = &block->samples[sample_i];
		time_unix_ns = held->window->start_unix_ns + sample->time_off_ns;
		if (time_unix_ns >= start_unix_ns && time_unix_ns < end_unix_ns)
			r = callback->on_sample(callback->context, held->dictionary_i, time_unix_ns,
						sample);
	}
	return r;
}

static int window_compare(const void *left, const void *right)
{
	const struct snapshot_window *a = left, *b = right;
	int64_t a_ns = a->window->start_unix_ns, b_ns = b->window->start_unix_ns;

	if (a_ns != b_ns)
		return a_ns < b_ns ? -1 : 1;
	return (a->dictionary_i > b->dictionary_i) - (a->dictionary_i < b->dictionary_i);
}

int sample_walk(const struct snapshot *snapshot, int64_t start_unix_ns, int64_t end_unix_ns,
		const struct sample_walk_callback *callback)
{
	size_t n_windows = snapshot->n_windows;
	_cleanup_(freep) struct snapshot_window *sorted = calloc(n_windows + 1, sizeof(*sorted));
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	if (n_windows) {
		memcpy(sorted, snapshot->windows, n_windows * sizeof(*sorted));
		qsort(sorted, n_windows, sizeof(*sorted), window_compare);
	}
	for (size_t i = 0; r == 0 && i < n_windows; i++)
		r = walk_window(&sorted[i], start_unix_ns, end_unix_ns, callback);
	return r;
}
