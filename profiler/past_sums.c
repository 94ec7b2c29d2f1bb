/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By steps, a window is added up thread by thread, in a cell for each step that it reaches into:
 * only what is in the cells is looked up among what there is.
 */
#include "profiler/past_sums.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_moments.h"
#include "profiler/history_windows.h"
#include "profiler/pair_map.h"
#include "profiler/past_moments.h"
#include "profiler/past_sample.h"
#include "profiler/query_budget.h"
#include "profiler/row_sums.h"

/* Of moments that are read for PAST_TIMES: of some 400,000 samples, which take 80 MB in all. */
#define MOST_EXACT_BYTES (2 << 20)

/* In one place for each stack that history has: four million. */
#define MOST_STACKS_BYTES (64UL << 20)

/* A step of the window that is looked at, and what the thread that is has in it. */
struct cell {
	int64_t step;
	int64_t unix_s; /* a second in it */
	uint64_t count;
	uint64_t value;
};

struct stack_sum {
	uint64_t count;
	uint64_t value;
};

struct sums {
	const struct past_wish *wish;
	struct time_grid grid; /* of steps, or of seconds, if they are wanted apart */
	bool is_by_second;
	struct past_sample *samples;
	size_t n_samples;
	size_t sample_capacity;
	struct row_sums totals;   /* of PAST_TOTALS */
	struct stack_sum *stacks; /* of PAST_STACKS, by number; or NULL: prepare_stacks() */
	uint32_t last_stack;
	struct pair_map
		index; /* of PAST_STEPS: thread and step → samples[]; of PAST_ENDS: see there */
	struct cell cells[HISTORY_LAST_SPAN_S];
	size_t n_cells;
	uint16_t cell_of[HISTORY_LAST_SPAN_S]; /* by second of the window */
};

static struct sums *sums_free(struct sums *sums)
{
	if (!sums)
		return NULL;
	free(sums->samples);
	row_sums_fini(&sums->totals);
	free(sums->stacks);
	pair_map_fini(&sums->index);
	free(sums);
	return NULL;
}

DEFINE_CLEANUP(struct sums *, sums_free)

static size_t stacks_bytes(const struct sums *sums)
{
	return sums->stacks ? (sums->last_stack + 1UL) * sizeof(*sums->stacks) : 0;
}

static int sums_reserve(struct sums *sums, size_t n_more)
{
	size_t n_samples = sums->n_samples + n_more;
	int r = query_budget_ask(sums->wish->budget, n_samples * sizeof(*sums->samples) +
							     pair_map_bytes(&sums->index) +
							     stacks_bytes(sums));

	return r < 0 ? r
		     : array_reserve((void **)&sums->samples, &sums->sample_capacity, n_samples,
				     sizeof(*sums->samples));
}

static int add_totals(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	int r = query_budget_ask(sums->wish->budget, row_sums_bytes(&sums->totals));

	(void)start_unix_s;
	return r < 0 ? r : row_sums_add(&sums->totals, rows->rows, rows->n_rows);
}

static void take_thread(struct sums *sums, const struct thread_rows *thread)
{
	for (size_t i = 0; i < thread->n_rows; i++) {
		const struct window_row *row = &thread->rows[i];

		sums->samples[sums->n_samples++] = (struct past_sample){
			sums->wish->start_unix_s, row->thread, row->stack, row->count, row->value,
		};
	}
}

static int take_totals(struct sums *sums)
{
	const struct row_sums *totals = &sums->totals;
	int r = sums_reserve(sums, totals->n_rows + 1);

	for (size_t i = 0; r == 0 && i < totals->n_threads; i++)
		take_thread(sums, &totals->threads[i]);
	return r;
}

/* Where the numbers have become so large that a place for each would take much of what a query may,
 * threads and stacks are added up as for PAST_TOTALS. */
static int prepare_stacks(struct sums *sums, struct database *database)
{
	const struct query_budget *budget = sums->wish->budget;
	int r = history_stack_find_last(database, &sums->last_stack);
	size_t n_bytes = (sums->last_stack + 1UL) * sizeof(*sums->stacks);

	if (r < 0 || n_bytes > MOST_STACKS_BYTES || (budget && n_bytes > budget->bytes / 4))
		return r;
	sums->stacks = calloc(1, n_bytes);
	return sums->stacks ? 0 : -ENOMEM;
}

static int add_sum(struct sums *sums, uint32_t stack, const struct stack_sum *sum)
{
	int r = sums_reserve(sums, 1);

	if (r < 0)
		return r;
	sums->samples[sums->n_samples++] = (struct past_sample){
		.unix_s = sums->wish->start_unix_s,
		.stack = stack,
		.count = sum->count,
		.value = sum->value,
	};
	return 0;
}

/* A stack that cannot be is left to whoever looks for its frames. */
static int add_stacks(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	int r;

	if (!sums->stacks)
		return add_totals(context, start_unix_s, rows);
	r = query_budget_ask(sums->wish->budget, stacks_bytes(sums));
	for (size_t i = 0; r == 0 && i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];

		if (row->stack > sums->last_stack) {
			r = add_sum(sums, row->stack,
				    &(struct stack_sum){ row->count, row->value });
			continue;
		}
		sums->stacks[row->stack].count += row->count;
		sums->stacks[row->stack].value += row->value;
	}
	return r;
}

static int take_stacks(struct sums *sums)
{
	int r = 0;

	if (!sums->stacks)
		return take_totals(sums);
	for (size_t i = 0; r == 0 && i <= sums->last_stack; i++) {
		if (sums->stacks[i].count || sums->stacks[i].value)
			r = add_sum(sums, (uint32_t)i, &sums->stacks[i]);
	}
	return r;
}

static bool entry_is_of_row(const struct window_entry *entry, const struct window_entry *other)
{
	return entry->thread == other->thread && entry->stack == other->stack;
}

static int add_moments(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	int r = sums_reserve(sums, rows->n_entries + 1);

	for (size_t i = 0; r == 0 && i < rows->n_entries; i++) {
		const struct window_entry *entry = &rows->entries[i];

		sums->samples[sums->n_samples++] = (struct past_sample){
			start_unix_s + entry->second,
			entry->thread,
			entry->stack,
			entry->count,
			entry->value,
		};
	}
	return r;
}

/* Add @added to the sample that has @key, or make one of it. Returns 1 if so, 0, or an error. */
static int add_sample(struct sums *sums, struct pair_key key, const struct past_sample *added,
		      struct past_sample **ret_sample)
{
	uint32_t index;
	int r = sums_reserve(sums, 1);

	if (r == 0)
		r = pair_map_find_or_add(&sums->index, key, (uint32_t)sums->n_samples, &index);
	if (r < 0)
		return r;
	*ret_sample = &sums->samples[index];
	if (r == 1) {
		**ret_sample = *added;
		sums->n_samples++;
		return 1;
	}
	(*ret_sample)->count += added->count;
	(*ret_sample)->value += added->value;
	return 0;
}

/* Add samples of a thread and stack. The first that came has the earliest time, and another the
 * latest time, and all else. */
static int add_end(struct sums *sums, struct past_sample *added)
{
	const struct pair_key first = { added->thread, added->stack };
	const struct pair_key last = { added->thread | 1ULL << 32, added->stack };
	struct past_sample *sample;
	int64_t unix_s = added->unix_s;
	uint32_t index;
	int r;

	if (!pair_map_find(&sums->index, first, &index)) {
		r = add_sample(sums, first, added, &sample);
		return r < 0 ? r : 0;
	}
	sample = &sums->samples[index];
	if (unix_s < sample->unix_s) { /* of a window that came late */
		added->unix_s = sample->unix_s;
		sample->unix_s = unix_s;
	}
	r = add_sample(sums, last, added, &sample);
	if (r == 0 && sample->unix_s < added->unix_s)
		sample->unix_s = added->unix_s;
	return r < 0 ? r : 0;
}

/* Of each row, the first entry, and then the rest as if it were one. */
static int add_ends(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	struct past_sample sample = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->n_entries; i++) {
		const struct window_entry *entry = &rows->entries[i];
		bool is_first = !i || !entry_is_of_row(entry, &entry[-1]);
		bool is_last = i + 1 == rows->n_entries || !entry_is_of_row(&entry[1], entry);

		sample.unix_s = start_unix_s + entry->second;
		sample.thread = entry->thread;
		sample.stack = entry->stack;
		sample.count += entry->count;
		sample.value += entry->value;
		if (!is_first && !is_last)
			continue;
		r = add_end(sums, &sample);
		sample.count = sample.value = 0;
	}
	return r;
}

/* Add what a thread had in a step. */
static int add_step(struct sums *sums, uint32_t thread, const struct cell *cell)
{
	const struct pair_key key = { thread | (uint64_t)sums->is_by_second << 32,
				      (uint64_t)cell->step };
	const struct past_sample added = {
		.unix_s = cell->unix_s, .thread = thread, .count = cell->count, .value = cell->value
	};
	struct past_sample *sample;
	int r = add_sample(sums, key, &added, &sample);

	return r < 0 ? r : 0;
}

static int64_t step_of(const struct sums *sums, int64_t unix_s)
{
	return time_grid_step(&sums->grid, unix_s * NS_PER_SECOND + NS_PER_SECOND / 2);
}

/* Of windows that are in one step as a whole. */
static int add_rows(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	int64_t first_unix_s = sums->wish->start_unix_s;
	struct cell cell = {
		.step = step_of(sums, start_unix_s),
		.unix_s = start_unix_s < first_unix_s ? first_unix_s : start_unix_s,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];

		cell.count += row->count;
		cell.value += row->value;
		if (i + 1 < rows->n_rows && row[1].thread == row->thread)
			continue;
		r = add_step(sums, row->thread, &cell);
		cell.count = cell.value = 0;
	}
	return r;
}

/* A cell for each step that is in the window, but for what lies outside of the range. */
static void lay_cells(struct sums *sums, int64_t start_unix_s)
{
	const struct past_wish *wish = sums->wish;

	sums->n_cells = 0;
	for (int64_t i = 0; i < HISTORY_LAST_SPAN_S; i++) {
		int64_t unix_s = start_unix_s + i, step;

		if (unix_s < wish->start_unix_s)
			continue;
		if (unix_s >= wish->end_unix_s)
			break;
		step = step_of(sums, unix_s);
		if (!sums->n_cells || sums->cells[sums->n_cells - 1].step != step)
			sums->cells[sums->n_cells++] =
				(struct cell){ .step = step, .unix_s = unix_s };
		sums->cell_of[i] = (uint16_t)(sums->n_cells - 1);
	}
}

/* Add what is in the cells, of a thread, and empty them. */
static int add_cells(struct sums *sums, uint32_t thread)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sums->n_cells; i++) {
		struct cell *cell = &sums->cells[i];

		if (!cell->count)
			continue;
		r = add_step(sums, thread, cell);
		cell->count = cell->value = 0;
	}
	return r;
}

/* Of windows that reach into several steps. Each entry is in the range, and in the window. */
static int add_entries(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct sums *sums = context;
	const struct window_entry *entry = rows->entries, *end = entry + rows->n_entries;
	int r = 0;

	lay_cells(sums, start_unix_s);
	for (; r == 0 && rows->n_entries && entry < end; entry++) {
		struct cell *cell = &sums->cells[sums->cell_of[entry->second]];

		cell->count += entry->count;
		cell->value += entry->value;
		if (entry + 1 == end || entry[1].thread != entry->thread)
			r = add_cells(sums, entry->thread);
	}
	return r;
}

static int visit(struct sums *sums, struct database *database, const struct history_range *range,
		 uint64_t *n_damaged)
{
	static const struct history_visitor visitors[] = {
		[PAST_TOTALS] = { .on_rows = add_totals },
		[PAST_STACKS] = { .on_rows = add_stacks },
		[PAST_STEPS] = { .on_rows = add_rows, .on_entries = add_entries },
		[PAST_TIMES] = { .on_rows = add_rows, .on_entries = add_entries },
		[PAST_ENDS] = { .on_entries = add_ends },
		[PAST_MOMENTS] = { .on_entries = add_moments },
	};
	struct history_visitor visitor = visitors[sums->wish->detail];

	visitor.grid = &sums->grid;
	visitor.budget = sums->wish->budget;
	visitor.context = sums;
	return history_windows_visit(database, range, &visitor, n_damaged);
}

/* By steps, but for the latest seconds, whose moments are kept, and are few enough. Sets
 * *@ret_exact_unix_s to where these begin. */
static int read_times(struct sums *sums, struct database *database,
		      const struct history_range *range, int64_t *ret_exact_unix_s,
		      uint64_t *n_damaged)
{
	struct history_range coarse = *range, exact = *range;
	int64_t start_s;
	int r = history_moments_find_start(database, range, MOST_EXACT_BYTES, &start_s);

	if (r < 0)
		return r;
	start_s = start_s < range->end_unix_s ? start_s : range->end_unix_s;
	coarse.end_unix_s = exact.start_unix_s =
		start_s > range->start_unix_s ? start_s : range->start_unix_s;
	r = visit(sums, database, &coarse, n_damaged);
	sums->is_by_second = true;
	sums->grid = (struct time_grid){ .step_ns = NS_PER_SECOND };
	if (r == 0)
		r = visit(sums, database, &exact, n_damaged);
	*ret_exact_unix_s = exact.start_unix_s;
	return r;
}

/* Leave out what the seconds have and the range has not. */
static void clip(struct sums *sums)
{
	size_t n_left = 0;

	for (size_t i = 0; i < sums->n_samples; i++) {
		const struct past_sample *sample = &sums->samples[i];
		int64_t time_unix_ns = past_sample_unix_ns(sample);

		if (time_unix_ns >= sums->wish->start_unix_ns &&
		    time_unix_ns < sums->wish->end_unix_ns)
			sums->samples[n_left++] = *sample;
	}
	sums->n_samples = n_left;
}

int past_sums_read(struct database *database, const struct past_wish *wish,
		   struct past_sample **ret_samples, size_t *ret_n_samples, uint64_t *n_damaged)
{
	_cleanup_(sums_freep) struct sums *sums = calloc(1, sizeof(*sums));
	const struct history_range range = { .start_unix_s = wish->start_unix_s,
					     .end_unix_s = wish->end_unix_s };
	struct past_wish exact = *wish;
	int r;

	if (!sums)
		return -ENOMEM;
	sums->wish = wish;
	sums->grid = wish->grid;
	r = wish->detail == PAST_STACKS ? prepare_stacks(sums, database) : 0;
	if (r == 0)
		r = wish->detail == PAST_TIMES
			    ? read_times(sums, database, &range, &exact.start_unix_s, n_damaged)
			    : visit(sums, database, &range, n_damaged);
	if (r == 0 && wish->detail == PAST_TOTALS)
		r = take_totals(sums);
	if (r == 0 && wish->detail == PAST_STACKS)
		r = take_stacks(sums);
	if (r == 0 && (wish->detail == PAST_TIMES || wish->detail == PAST_MOMENTS))
		r = past_moments_split(database, &exact, &sums->samples, &sums->n_samples,
				       n_damaged);
	if (r < 0)
		return r;
	if (wish->has_parts)
		clip(sums);
	*ret_n_samples = sums->n_samples;
	*ret_samples = steal(sums->samples);
	return 0;
}
