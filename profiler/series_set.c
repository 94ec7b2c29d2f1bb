/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which groups are the largest is known at the end only. Until then a group has a cell for each
 * step in which it had samples; most groups have few.
 */
#include "profiler/series_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/label_groups.h"
#include "profiler/pair_map.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/query_points.h"

struct cell {
	uint32_t group;
	uint32_t step;
	struct series_sum sum;
};

struct group_total {
	uint32_t group;
	struct series_sum sum;
	uint64_t rank; /* what of the sum decides */
	const struct label_group *labels;
};

struct builder {
	const struct query *query;
	const struct series_options *options;
	struct label_groups *groups;
	struct cell *cells;
	size_t n_cells, cell_capacity;
	struct pair_map cell_index;
	struct group_total *totals; /* the largest first */
	uint32_t *series;           /* by group */
};

static void builder_fini(struct builder *builder)
{
	label_groups_free(builder->groups);
	free(builder->cells);
	pair_map_fini(&builder->cell_index);
	free(builder->totals);
	free(builder->series);
}

static void sum_add(struct series_sum *sum, const struct series_sum *more)
{
	sum->count += more->count;
	sum->value += more->value;
}

uint64_t series_count_steps(int64_t start_unix_ns, int64_t end_unix_ns, int64_t step_ns)
{
	uint64_t range_ns = (uint64_t)end_unix_ns - (uint64_t)start_unix_ns;

	return range_ns / (uint64_t)step_ns + (range_ns % (uint64_t)step_ns != 0);
}

static size_t builder_bytes(const struct builder *builder)
{
	return label_groups_bytes(builder->groups) + pair_map_bytes(&builder->cell_index) +
	       builder->cell_capacity * sizeof(*builder->cells);
}

static int on_point(void *context, const struct query_point *point)
{
	struct builder *builder = context;
	const struct query *query = builder->query;
	const struct series_sum sum = { point->count, point->value };
	uint32_t step = (uint32_t)(((uint64_t)point->unix_ns - (uint64_t)query->start_unix_ns) /
				   (uint64_t)builder->options->step_ns);
	struct pair_key key = { point->group, step };
	uint32_t cell;
	int r;

	r = array_reserve((void **)&builder->cells, &builder->cell_capacity, builder->n_cells + 1,
			  sizeof(*builder->cells));
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&builder->cell_index, key, (uint32_t)builder->n_cells, &cell);
	if (r < 0)
		return r;
	if (r == 1)
		builder->cells[builder->n_cells++] = (struct cell){ point->group, step, { 0, 0 } };
	sum_add(&builder->cells[cell].sum, &sum);
	return query_budget_ask(query->budget, builder_bytes(builder));
}

static int labels_compare(const struct label_group *a, const struct label_group *b)
{
	int order = 0;

	for (size_t i = 0; !order && i < a->n_labels && i < b->n_labels; i++) {
		order = strcmp(a->labels[i].name, b->labels[i].name);
		if (!order)
			order = strcmp(a->labels[i].value, b->labels[i].value);
	}
	return order ? order : (a->n_labels > b->n_labels) - (a->n_labels < b->n_labels);
}

static int total_compare(const void *left, const void *right)
{
	const struct group_total *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? 1 : -1;
	return labels_compare(a->labels, b->labels);
}

static int rank_groups(struct builder *builder)
{
	size_t n_groups = label_groups_count(builder->groups);

	builder->totals = calloc(n_groups + 1, sizeof(*builder->totals));
	builder->series = calloc(n_groups + 1, sizeof(*builder->series));
	if (!builder->totals || !builder->series)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_groups; i++)
		builder->totals[i] = (struct group_total){
			.group = i,
			.labels = label_groups_get(builder->groups, i),
		};
	for (size_t i = 0; i < builder->n_cells; i++)
		sum_add(&builder->totals[builder->cells[i].group].sum, &builder->cells[i].sum);
	for (size_t i = 0; i < n_groups; i++) {
		struct group_total *total = &builder->totals[i];

		total->rank = builder->options->weight == PROFILE_COUNT ? total->sum.count
									: total->sum.value;
	}
	qsort(builder->totals, n_groups, sizeof(*builder->totals), total_compare);
	return 0;
}

/* The series, but for what they have in their steps. */
static int make_series(struct builder *builder, struct series_set *set)
{
	size_t n_groups = label_groups_count(builder->groups);
	size_t max_series = builder->options->max_series, n_sums;
	int r;

	set->n_series = n_groups > max_series ? max_series + 1 : n_groups;
	n_sums = set->n_series * set->n_steps;
	r = query_budget_ask(builder->query->budget,
			     builder_bytes(builder) + n_sums * sizeof(*set->sums));
	if (r < 0)
		return r;
	set->series = calloc(set->n_series + 1, sizeof(*set->series));
	set->sums = calloc(n_sums + 1, sizeof(*set->sums));
	if (!set->series || !set->sums)
		return -ENOMEM;
	for (size_t i = 0; i < n_groups; i++) {
		const struct group_total *total = &builder->totals[i];
		size_t series_i = i < max_series ? i : max_series;
		struct series *series = &set->series[series_i];

		builder->series[total->group] = (uint32_t)series_i;
		series->group = i < max_series ? total->labels : NULL;
		series->n_groups++;
		series->steps = &set->sums[series_i * set->n_steps];
		sum_add(&series->total, &total->sum);
		sum_add(&set->total, &total->sum);
	}
	return 0;
}

static void fill_steps(const struct builder *builder, struct series_set *set)
{
	for (size_t i = 0; i < builder->n_cells; i++) {
		const struct cell *cell = &builder->cells[i];
		size_t series_i = builder->series[cell->group];

		sum_add(&set->sums[series_i * set->n_steps + cell->step], &cell->sum);
	}
}

int series_set_init(struct store *store, const struct query *query,
		    const struct series_options *options, struct series_set *ret_set)
{
	_cleanup_(builder_fini) struct builder builder = { .query = query, .options = options };
	const struct query_point_callback callback = { on_point, &builder };
	_cleanup_(series_set_fini) struct series_set set = { 0 };
	struct query by_step = *query;
	int r;

	set.n_steps =
		series_count_steps(query->start_unix_ns, query->end_unix_ns, options->step_ns);
	r = label_groups_new(options->names, options->n_names, &builder.groups);
	if (r < 0)
		return r;
	by_step.grid = (struct time_grid){ query->start_unix_ns, options->step_ns };
	r = query_each_point(store, &by_step, builder.groups, &callback);
	if (r < 0)
		return r;
	r = rank_groups(&builder);
	if (r < 0)
		return r;
	r = make_series(&builder, &set);
	if (r < 0)
		return r;
	fill_steps(&builder, &set);
	if (query->budget && label_groups_count(builder.groups) > options->max_series)
		query->budget->met[QUERY_LIMIT_GROUPS] = true;
	set.groups = steal(builder.groups);
	*ret_set = set;
	set = (struct series_set){ 0 };
	return 0;
}

void series_set_fini(struct series_set *set)
{
	label_groups_free(set->groups);
	free(set->series);
	free(set->sums);
	*set = (struct series_set){ 0 };
}
