/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/sample_walk.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/snapshot.h"
#include "profiler/window.h"

/* Of samples of which only their second is known, or meant. */
#define HALF_SECOND_NS (NS_PER_SECOND / 2)

struct walk {
	const struct snapshot *snapshot;
	int64_t start_unix_ns;
	int64_t end_unix_ns;
	const struct sample_walk_callback *callback;
	const struct past_sample *past; /* that is left */
	size_t n_past;
};

static int walk_window(const struct walk *walk, const struct snapshot_window *held)
{
	const struct window_block *block = NULL;
	bool is_by_second = walk->snapshot->is_by_second;
	int r = 0;

	for (size_t i = 0; r == 0 && i < held->n_samples; i++) {
		size_t sample_i = i % WINDOW_BLOCK_SAMPLES;
		const struct window_sample *sample;
		int64_t time_unix_ns;

		if (sample_i == 0)
			block = block ? block->next : held->window->first;
		if (i < held->first_sample)
			continue;
		sample = &block->samples[sample_i];
		time_unix_ns = held->window->start_unix_ns;
		time_unix_ns += is_by_second ? HALF_SECOND_NS : sample->time_off_ns;
		if (time_unix_ns >= walk->start_unix_ns && time_unix_ns < walk->end_unix_ns)
			r = walk->callback->on_sample(walk->callback->context, held->dictionary_i,
						      time_unix_ns, sample);
	}
	return r;
}

/* The samples of history before @end_unix_ns that are left. Their dictionary is the last one. */
static int walk_past(struct walk *walk, int64_t end_unix_ns)
{
	size_t dictionary_i = walk->snapshot->n_dictionaries - 1;
	int r = 0;

	for (; r == 0 && walk->n_past && walk->past->unix_s * NS_PER_SECOND < end_unix_ns;
	     walk->past++, walk->n_past--) {
		const struct window_sample sample = {
			.value = walk->past->value,
			.weight = walk->past->count,
			.thread = walk->past->thread,
			.stack = walk->past->stack,
			.cpu = walk->past->is_exact ? walk->past->cpu : WINDOW_NO_CPU,
		};

		r = walk->callback->on_sample(walk->callback->context, dictionary_i,
					      past_sample_unix_ns(walk->past), &sample);
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
	struct walk walk = { snapshot, start_unix_ns, end_unix_ns, callback, NULL, 0 };
	size_t n_windows = snapshot->n_windows;
	_cleanup_(freep) struct snapshot_window *sorted = calloc(n_windows + 1, sizeof(*sorted));
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	if (n_windows) {
		memcpy(sorted, snapshot->windows, n_windows * sizeof(*sorted));
		qsort(sorted, n_windows, sizeof(*sorted), window_compare);
	}
	if (snapshot->past)
		walk.past = past_samples(snapshot->past, &walk.n_past);
	for (size_t i = 0; r == 0 && i < n_windows; i++) {
		r = walk_past(&walk, sorted[i].window->start_unix_ns);
		if (r == 0)
			r = walk_window(&walk, &sorted[i]);
	}
	return r < 0 ? r : walk_past(&walk, INT64_MAX);
}
