/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/heatmap.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label_groups.h"
#include "profiler/query.h"
#include "profiler/query_points.h"

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

/* The second that a time is in, also before 1970. */
static int64_t second_of(int64_t unix_ns)
{
	return unix_ns / NS_PER_SECOND - (unix_ns % NS_PER_SECOND < 0);
}

static int on_point(void *context, const struct query_point *point)
{
	struct heatmap *heatmap = context;
	int64_t second = second_of(point->unix_ns);
	int64_t off_ns = point->unix_ns - second * NS_PER_SECOND;
	size_t column = (size_t)(second - heatmap->start_unix_s) / heatmap->column_s;
	size_t row = (size_t)off_ns * heatmap->n_rows / NS_PER_SECOND;

	if (point->quantum_ns < NS_PER_SECOND)
		heatmap->counts[column * heatmap->n_rows + row] += point->count;
	else
		heatmap->coarse[column] += point->count;
	heatmap->count += point->count;
	heatmap->value += point->value;
	return 0;
}

static int make_cells(struct heatmap *heatmap, const struct query *query,
		      const struct heatmap_options *options)
{
	int64_t start_s = second_of(query->start_unix_ns);
	uint64_t n_seconds = (uint64_t)(second_of(query->end_unix_ns - 1) - start_s) + 1;

	heatmap->start_unix_s = start_s;
	heatmap->column_s = (n_seconds + options->max_columns - 1) / options->max_columns;
	heatmap->n_columns = (n_seconds + heatmap->column_s - 1) / heatmap->column_s;
	heatmap->n_rows = options->n_rows;
	heatmap->counts = calloc(heatmap->n_columns * heatmap->n_rows, sizeof(*heatmap->counts));
	heatmap->coarse = calloc(heatmap->n_columns, sizeof(*heatmap->coarse));
	return heatmap->counts && heatmap->coarse ? 0 : -ENOMEM;
}

static int fill(struct heatmap *heatmap, struct store *store, const struct query *query)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	struct query timed = *query;
	const struct query_point_callback callback = { on_point, heatmap };
	int r;

	timed.wants_times = true;
	timed.grid = (struct time_grid){
		.start_unix_ns = heatmap->start_unix_s * NS_PER_SECOND,
		.step_ns = (int64_t)heatmap->column_s * NS_PER_SECOND,
	};
	r = label_groups_new(NULL, 0, &groups);
	return r < 0 ? r : query_each_point(store, &timed, groups, &callback);
}

int heatmap_init(struct store *store, const struct query *query,
		 const struct heatmap_options *options, struct heatmap *ret_heatmap)
{
	_cleanup_(heatmap_fini) struct heatmap heatmap = { 0 };
	int r;

	r = make_cells(&heatmap, query, options);
	if (r == 0)
		r = fill(&heatmap, store, query);
	if (r < 0)
		return r;
	*ret_heatmap = heatmap;
	heatmap = (struct heatmap){ 0 };
	return 0;
}

void heatmap_fini(struct heatmap *heatmap)
{
	free(heatmap->counts);
	free(heatmap->coarse);
	*heatmap = (struct heatmap){ 0 };
}
