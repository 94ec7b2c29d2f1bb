/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past stacks: the stacks of many samples, read from history in the order in which they lie there.
 *
 *     past_stacks_begin;  then, for each sample,  number  --past_stacks_want-->  position;
 *     then, once, past_stacks_read;  then stacks[position]
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"

struct database;
struct query_budget;

#define PAST_STACK_DAMAGED UINT32_MAX

struct past_stack {
	uint32_t number;
	uint32_t n_frames; /* or PAST_STACK_DAMAGED */
	size_t first;      /* in frames[]: numbers of history, the leaf's first */
};

struct past_stacks {
	struct past_stack *stacks; /* by position */
	size_t n_stacks;
	size_t stack_capacity;
	uint32_t *frames;
	size_t n_frames;
	size_t frame_capacity;
	uint32_t *positions; /* by number: the position, plus 1; 0: not wanted yet */
	uint32_t n_positions;
	struct pair_map index; /* of larger numbers: number → position */
};

/* Works on a zeroed struct. */
void past_stacks_fini(struct past_stacks *stacks);

/* Returns 0, with none wanted, -ENOMEM, or an error of database.h. Works on a zeroed struct. */
int past_stacks_begin(struct past_stacks *stacks, struct database *database);

/* Returns 0 and sets *@ret_position, or -ENOMEM. */
int past_stacks_want(struct past_stacks *stacks, uint32_t number, uint32_t *ret_position);

/* Returns 0, -EDQUOT if the budget (or NULL) is used up, or an error of database.h. */
int past_stacks_read(struct past_stacks *stacks, struct database *database,
		     struct query_budget *budget);

/* Memory in use. */
size_t past_stacks_bytes(const struct past_stacks *stacks);
