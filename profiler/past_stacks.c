/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_stacks.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/history_cursor.h"
#include "profiler/history_dictionary.h"
#include "profiler/query_budget.h"

/* Looked up in an array, of 16 MB at most; memory that nobody writes to takes none. */
#define MOST_POSITIONS (1U << 22)

void past_stacks_fini(struct past_stacks *stacks)
{
	free(stacks->stacks);
	free(stacks->frames);
	free(stacks->positions);
	pair_map_fini(&stacks->index);
	*stacks = (struct past_stacks){ 0 };
}

int past_stacks_begin(struct past_stacks *stacks, struct database *database)
{
	uint32_t last;
	int r = history_stack_find_last(database, &last);

	if (r < 0)
		return r;
	stacks->n_positions = last < MOST_POSITIONS ? last + 1 : MOST_POSITIONS;
	stacks->positions = calloc(stacks->n_positions, sizeof(*stacks->positions));
	return stacks->positions ? 0 : -ENOMEM;
}

/* The position of @number, plus 1, or 0: it has none yet. */
static uint32_t find_position(const struct past_stacks *stacks, uint32_t number)
{
	uint32_t position;

	if (number < stacks->n_positions)
		return stacks->positions[number];
	return pair_map_find(&stacks->index, (struct pair_key){ .a = number }, &position)
		       ? position + 1
		       : 0;
}

static int set_position(struct past_stacks *stacks, uint32_t number, uint32_t position)
{
	int r;

	if (number < stacks->n_positions) {
		stacks->positions[number] = position + 1;
		return 0;
	}
	r = pair_map_find_or_add(&stacks->index, (struct pair_key){ .a = number }, position,
				 &position);
	return r < 0 ? r : 0;
}

int past_stacks_want(struct past_stacks *stacks, uint32_t number, uint32_t *ret_position)
{
	uint32_t position = find_position(stacks, number);
	int r;

	if (position) {
		*ret_position = position - 1;
		return 0;
	}
	*ret_position = (uint32_t)stacks->n_stacks;
	r = array_reserve((void **)&stacks->stacks, &stacks->stack_capacity, stacks->n_stacks + 1,
			  sizeof(*stacks->stacks));
	if (r == 0)
		r = set_position(stacks, number, *ret_position);
	if (r == 0)
		stacks->stacks[stacks->n_stacks++] = (struct past_stack){ .number = number };
	return r;
}

static int number_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The positions of all, sorted by number: each is the lower half of one of these. */
static uint64_t *sort(const struct past_stacks *stacks)
{
	uint64_t *sorted = malloc((stacks->n_stacks + 1) * sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < stacks->n_stacks; i++)
		sorted[i] = (uint64_t)stacks->stacks[i].number << 32 | i;
	if (stacks->n_stacks)
		qsort(sorted, stacks->n_stacks, sizeof(*sorted), number_compare);
	return sorted;
}

static int read_one(struct past_stacks *stacks, struct history_cursor *cursor,
		    struct past_stack *stack)
{
	int r = array_reserve((void **)&stacks->frames, &stacks->frame_capacity,
			      stacks->n_frames + HISTORY_MAX_FRAMES, sizeof(*stacks->frames));

	if (r < 0)
		return r;
	stack->first = stacks->n_frames;
	r = history_cursor_get_stack(cursor, stack->number, &stacks->frames[stack->first],
				     &stack->n_frames);
	if (r == 0)
		stacks->n_frames += stack->n_frames;
	else if (r == -EBADMSG)
		stack->n_frames = PAST_STACK_DAMAGED;
	return r == -EBADMSG ? 0 : r;
}

int past_stacks_read(struct past_stacks *stacks, struct database *database,
		     struct query_budget *budget)
{
	_cleanup_(history_cursor_fini) struct history_cursor cursor = { .database = database };
	_cleanup_(freep) uint64_t *sorted = sort(stacks);
	int r = sorted ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < stacks->n_stacks; i++) {
		r = query_budget_ask(budget, past_stacks_bytes(stacks));
		if (r == 0)
			r = read_one(stacks, &cursor, &stacks->stacks[(uint32_t)sorted[i]]);
	}
	return r;
}

size_t past_stacks_bytes(const struct past_stacks *stacks)
{
	return stacks->n_positions * sizeof(*stacks->positions) + pair_map_bytes(&stacks->index) +
	       stacks->stack_capacity * sizeof(*stacks->stacks) +
	       stacks->frame_capacity * sizeof(*stacks->frames);
}
