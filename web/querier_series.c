/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_series.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label_groups.h"
#include "profiler/query_budget.h"
#include "profiler/series_set.h"
#include "web/connect.h"
#include "web/querier.pb-c.h"
#include "web/querier_call.h"
#include "web/querier_groups.h"
#include "web/querier_selection.h"
#include "web/request.h"
#include "web/site.h"

#define MOST_NAMES  32        /* of labels: each is looked for in all that there are */
#define MOST_POINTS (1 << 20) /* of all series together, those without samples included */
#define MOST_STEP_S 1e9
#define MS_PER_S    1000

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

/* An answer in the making. */
struct series_answer {
	struct arena arena;         /* of all that the message points to, but texts */
	struct label_groups *shown; /* labels of samples and of their types, as far as asked for */
	struct query_budget *budget;
};

static void series_answer_fini(struct series_answer *answer)
{
	label_groups_free(answer->shown);
	arena_fini(&answer->arena);
}

static int label_compare(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static bool names_are_few(struct querier_call *call, size_t n_names)
{
	if (n_names <= MOST_NAMES)
		return true;
	connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "more than %d names of labels",
		     MOST_NAMES);
	return false;
}

/* By which labels of samples they are grouped, of which @names are to be told. */
static void find_sample_labels(char *const *names, size_t n_names, const char **ret_labels)
{
	for (size_t i = 0; i < n_names; i++)
		ret_labels[i] = querier_sample_label(names[i]);
}

/* Find what is shown of the labels of @group and @type together. */
static int show(struct series_answer *answer, const struct querier_type *type,
		const struct label_group *group, uint32_t *ret_shown)
{
	size_t n_labels = TYPE_LABEL_COUNT + group->n_labels;
	_cleanup_(freep) struct label *labels = calloc(n_labels + 1, sizeof(*labels));
	int r;

	if (!labels)
		return -ENOMEM;
	r = query_budget_ask(answer->budget,
			     label_groups_bytes(answer->shown) + answer->arena.bytes);
	if (r < 0)
		return r;
	memcpy(labels, type->labels, sizeof(type->labels));
	for (size_t i = 0; i < group->n_labels; i++)
		labels[TYPE_LABEL_COUNT + i] = group->labels[i];
	labels[n_labels] =
		(struct label){ QUERIER_SERVICE, label_group_value(group, LABEL_SERVICE) };
	n_labels += *labels[n_labels].value != '\0';
	qsort(labels, n_labels, sizeof(*labels), label_compare);
	return label_groups_add(answer->shown, labels, n_labels, ret_shown);
}

/* The labels that are shown, as messages; NULL: out of memory. */
static Querier__LabelPair **pairs_of(struct series_answer *answer, const struct label_group *shown)
{
	Querier__LabelPair **pointers, *pairs;

	pointers = arena_alloc(&answer->arena, (shown->n_labels + 1) * sizeof(*pointers));
	pairs = arena_alloc(&answer->arena, (shown->n_labels + 1) * sizeof(*pairs));
	if (!pointers || !pairs)
		return NULL;
	for (size_t i = 0; i < shown->n_labels; i++) {
		querier__label_pair__init(&pairs[i]);
		pairs[i].name = (char *)(uintptr_t)shown->labels[i].name;
		pairs[i].value = (char *)(uintptr_t)shown->labels[i].value;
		pointers[i] = &pairs[i];
	}
	return pointers;
}

/* Show the groups of each of the types that are selected. */
static int show_groups(void *context, const struct querier_selection *selection,
		       const struct label_groups *groups)
{
	uint32_t shown;
	int r = 0;

	for (size_t type_i = 0; type_i < QUERIER_TYPE_COUNT; type_i++) {
		if (!selection->has_type[type_i])
			continue;
		for (uint32_t i = 0; r == 0 && i < label_groups_count(groups); i++)
			r = show(context, &querier_types[type_i], label_groups_get(groups, i),
				 &shown);
	}
	return r;
}

static int labels_compare(const void *left, const void *right)
{
	const Querier__Labels *a = *(Querier__Labels *const *)left;
	const Querier__Labels *b = *(Querier__Labels *const *)right;
	int order = 0;

	for (size_t i = 0; !order && i < a->n_labels && i < b->n_labels; i++) {
		order = strcmp(a->labels[i]->name, b->labels[i]->name);
		if (!order)
			order = strcmp(a->labels[i]->value, b->labels[i]->value);
	}
	return order ? order : (a->n_labels > b->n_labels) - (a->n_labels < b->n_labels);
}

/* The sets of labels that are shown, sorted, but for one without any. */
static int write_sets(struct series_answer *answer, Querier__SeriesResponse *message)
{
	size_t n_shown = label_groups_count(answer->shown);
	Querier__Labels *sets;

	sets = arena_alloc(&answer->arena, (n_shown + 1) * sizeof(*sets));
	message->labels_set = arena_alloc(&answer->arena, (n_shown + 1) * sizeof(void *));
	if (!sets || !message->labels_set)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_shown; i++) {
		const struct label_group *shown = label_groups_get(answer->shown, i);

		querier__labels__init(&sets[i]);
		sets[i].labels = pairs_of(answer, shown);
		sets[i].n_labels = shown->n_labels;
		if (!sets[i].labels)
			return -ENOMEM;
		if (shown->n_labels)
			message->labels_set[message->n_labels_set++] = &sets[i];
	}
	qsort(message->labels_set, message->n_labels_set, sizeof(void *), labels_compare);
	return 0;
}

void querier_series(struct querier_call *call)
{
	const Querier__SeriesRequest *question = (const Querier__SeriesRequest *)call->question;
	const char *const *names = (const char *const *)question->label_names;
	size_t n_names = question->n_label_names ? question->n_label_names : LABEL_GROUPS_BY_ALL;
	const char *sample_labels[MOST_NAMES];
	const struct querier_groups_question groups = {
		.matchers = question->matchers,
		.n_matchers = question->n_matchers,
		.start_ms = question->start,
		.end_ms = question->end,
		.names = sample_labels,
		.n_names = n_names,
	};
	Querier__SeriesResponse message = QUERIER__SERIES_RESPONSE__INIT;
	_cleanup_(series_answer_fini) struct series_answer answer = { .budget = &call->budget };
	const struct querier_groups_callback callback = { show_groups, &answer };

	if (!names_are_few(call, question->n_label_names))
		return;
	find_sample_labels(question->label_names, question->n_label_names, sample_labels);
	if (!querier_call_goes_on(call, label_groups_new(names, n_names, &answer.shown)) ||
	    !querier_groups_find(call, &groups, &callback) ||
	    !querier_call_goes_on(call, write_sets(&answer, &message)))
		return;
	connect_answer(call->request, &message.base);
}

/* The points of series: at start + k · step, each the sum of the step that ends there. */
struct grid {
	int64_t start_ms;
	int64_t step_ms;
	size_t n_points;
	size_t max_series;
};

static bool question_is_good(struct querier_call *call,
			     const Querier__SelectSeriesRequest *question)
{
	const Querier__StackTraceSelector *stacks = question->stack_trace_selector;

	if (!(question->step >= 1.0 / MS_PER_S) || question->step > MOST_STEP_S)
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT,
			     "step must be >= 1ms and at most 10^9 s");
	else if (question->limit < 0)
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "limit is negative");
	else if (question->aggregation !=
		 QUERIER__TIME_SERIES_AGGREGATION_TYPE__TIME_SERIES_AGGREGATION_TYPE_SUM)
		connect_fail(call->request, CONNECT_UNIMPLEMENTED,
			     "there is no average of samples");
	else if (stacks && (stacks->go_pgo || stacks->n_call_site))
		connect_fail(call->request, CONNECT_UNIMPLEMENTED,
			     "stack_trace_selector is not implemented here");
	return !call->request->answer.code;
}

/* Lay the grid over the range of @query, which becomes that of its points. */
static bool lay_grid(struct querier_call *call, const Querier__SelectSeriesRequest *question,
		     struct query *query, struct grid *ret_grid)
{
	int64_t step_ms = (int64_t)(question->step * NS_PER_SECOND) / NS_PER_MS;
	int64_t start_ms = query->start_unix_ns / NS_PER_MS;
	int64_t last_ms = query->end_unix_ns / NS_PER_MS - 1;
	uint64_t n_points = (uint64_t)((last_ms - start_ms) / step_ms) + 1;

	if (n_points > SERIES_MAX_STEPS) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT,
			     "there are more than %d steps between start and end",
			     SERIES_MAX_STEPS);
		return false;
	}
	query->start_unix_ns = (start_ms - step_ms + 1) * NS_PER_MS;
	query->end_unix_ns = query->start_unix_ns + (int64_t)n_points * step_ms * NS_PER_MS;
	*ret_grid = (struct grid){ start_ms, step_ms, n_points, MOST_POINTS / n_points };
	if (question->limit && (uint64_t)question->limit < ret_grid->max_series)
		ret_grid->max_series = (size_t)question->limit;
	return true;
}

/* Those points of @series in which there are samples. */
static int write_points(struct series_answer *answer, const struct grid *grid,
			const struct series *series, enum profile_weight weight,
			Querier__Series *message)
{
	size_t n_points = 0;
	Querier__Point *points;

	for (size_t i = 0; i < grid->n_points; i++)
		n_points += series->steps[i].count != 0;
	points = arena_alloc(&answer->arena, (n_points + 1) * sizeof(*points));
	message->points = arena_alloc(&answer->arena, (n_points + 1) * sizeof(void *));
	if (!points || !message->points)
		return -ENOMEM;
	for (size_t i = 0; i < grid->n_points; i++) {
		const struct series_sum *sum = &series->steps[i];
		Querier__Point *point = &points[message->n_points];

		if (!sum->count)
			continue;
		querier__point__init(point);
		point->value = (double)(weight == PROFILE_COUNT ? sum->count : sum->value);
		point->timestamp = grid->start_ms + (int64_t)i * grid->step_ms;
		message->points[message->n_points++] = point;
	}
	return 0;
}

static int write_series(struct series_answer *answer, const struct grid *grid,
			const struct series *series, const struct querier_type *type,
			Querier__Series *message)
{
	const struct label_group *group;
	uint32_t shown;
	int r;

	r = show(answer, type, series->group, &shown);
	if (r < 0)
		return r;
	group = label_groups_get(answer->shown, shown);
	querier__series__init(message);
	message->labels = pairs_of(answer, group);
	message->n_labels = group->n_labels;
	if (!message->labels)
		return -ENOMEM;
	return write_points(answer, grid, series, type->weight, message);
}

static int write_all_series(struct series_answer *answer, const struct grid *grid,
			    const struct series_set *set, const struct querier_type *type,
			    Querier__SelectSeriesResponse *message)
{
	Querier__Series *series;
	int r = 0;

	series = arena_alloc(&answer->arena, (set->n_series + 1) * sizeof(*series));
	message->series = arena_alloc(&answer->arena, (set->n_series + 1) * sizeof(void *));
	if (!series || !message->series)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < set->n_series && set->series[i].group; i++) {
		r = write_series(answer, grid, &set->series[i], type, &series[i]);
		message->series[message->n_series++] = &series[i];
	}
	return r;
}

/* Whether there are more series than can be told, of which none may be left out. */
static bool is_too_much(const struct series_set *set, const struct grid *grid, int64_t limit)
{
	bool is_cut = set->n_series && !set->series[set->n_series - 1].group;

	return is_cut && (!limit || (uint64_t)limit > grid->max_series);
}

static void answer_with_series(struct querier_call *call, const struct grid *grid,
			       const struct series_set *set, const struct querier_type *type)
{
	const Querier__SelectSeriesRequest *question =
		(const Querier__SelectSeriesRequest *)call->question;
	Querier__SelectSeriesResponse message = QUERIER__SELECT_SERIES_RESPONSE__INIT;
	_cleanup_(series_answer_fini) struct series_answer answer = { .budget = &call->budget };
	int r;

	if (is_too_much(set, grid, question->limit)) {
		connect_fail(call->request, CONNECT_RESOURCE_EXHAUSTED,
			     "there are more than %zu series of %zu points: set a limit",
			     grid->max_series, grid->n_points);
		return;
	}
	r = label_groups_new((const char *const *)question->group_by, question->n_group_by,
			     &answer.shown);
	if (r == 0 && type)
		r = write_all_series(&answer, grid, set, type, &message);
	if (querier_call_goes_on(call, r))
		connect_answer(call->request, &message.base);
}

void querier_select_series(struct querier_call *call)
{
	const Querier__SelectSeriesRequest *question =
		(const Querier__SelectSeriesRequest *)call->question;
	const struct querier_scope scope = { question->profile_typeid, question->label_selector,
					     question->start, question->end };
	const char *sample_labels[MOST_NAMES];
	struct series_options options = {
		.names = sample_labels,
		.n_names = question->n_group_by,
	};
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };
	_cleanup_(series_set_fini) struct series_set set = { 0 };
	const struct querier_type *type;
	struct grid grid;
	int r = 0;

	if (!querier_selection_init(call, &scope, &selection) ||
	    !question_is_good(call, question) || !names_are_few(call, question->n_group_by) ||
	    !lay_grid(call, question, &selection.query, &grid))
		return;
	find_sample_labels(question->group_by, question->n_group_by, sample_labels);
	options.step_ns = grid.step_ms * NS_PER_MS;
	options.max_series = grid.max_series;
	type = querier_selection_type(&selection);
	if (type)
		options.weight = type->weight;
	if (type)
		r = series_set_init(call->site->store, &selection.query, &options, &set);
	if (querier_call_goes_on(call, r))
		answer_with_series(call, &grid, &set, type);
}
