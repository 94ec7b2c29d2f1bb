/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_points.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label_groups.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/sample_walk.h"
#include "profiler/snapshot.h"
#include "profiler/thread_numbers.h"
#include "profiler/window.h"

struct points {
	const struct query *query;
	struct label_groups *groups;
	const struct query_point_callback *callback;
	struct snapshot snapshot;
	struct thread_numbers *threads; /* by dictionary of the snapshot */
	struct thread_numbering numbering;
};

static void points_fini(struct points *points)
{
	for (size_t i = 0; points->threads && i < points->snapshot.n_dictionaries; i++)
		thread_numbers_fini(&points->threads[i]);
	free(points->threads);
	snapshot_fini(&points->snapshot);
}

static int number_thread(void *groups, const struct label *labels, size_t n_labels,
			 uint32_t *ret_group)
{
	return label_groups_add(groups, labels, n_labels, ret_group);
}

static int points_init(struct points *points, struct store *store)
{
	const struct query *query = points->query;
	struct snapshot *snapshot = &points->snapshot;
	int r;

	points->numbering = (struct thread_numbering){
		query->selector,
		query->budget,
		number_thread,
		points->groups,
	};
	r = query_snapshot(store, query, query->wants_times ? PAST_TIMES : PAST_STEPS, snapshot);
	if (r < 0)
		return r;
	points->threads = calloc(snapshot->n_dictionaries + 1, sizeof(*points->threads));
	if (!points->threads)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < snapshot->n_dictionaries; i++)
		r = thread_numbers_init(snapshot->dictionaries[i].dictionary,
					snapshot->dictionaries[i].n_threads, &points->threads[i]);
	return r;
}

static int on_sample(void *context, size_t dictionary_i, int64_t time_unix_ns,
		     const struct window_sample *sample)
{
	struct points *points = context;
	struct query_point point = {
		.unix_ns = time_unix_ns,
		.quantum_ns = points->snapshot.is_by_second || sample->cpu == WINDOW_NO_CPU
				      ? NS_PER_SECOND
				      : 1,
		.count = sample->weight,
		.value = sample->value,
	};
	int r;

	r = query_budget_ask(points->query->budget, label_groups_bytes(points->groups));
	if (r < 0)
		return r;
	r = thread_numbers_find(&points->threads[dictionary_i], &points->numbering, sample->thread,
				&point.group);
	return r == 1 ? points->callback->on_point(points->callback->context, &point) : r;
}

int query_each_point(struct store *store, const struct query *query, struct label_groups *groups,
		     const struct query_point_callback *callback)
{
	_cleanup_(points_fini) struct points points = {
		.query = query,
		.groups = groups,
		.callback = callback,
	};
	const struct sample_walk_callback samples = { on_sample, &points };
	int r;

	r = points_init(&points, store);
	if (r < 0)
		return r;
	return sample_walk(&points.snapshot, query->start_unix_ns, query->end_unix_ns, &samples);
}
