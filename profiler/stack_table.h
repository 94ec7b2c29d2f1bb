/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stack table: the frames behind the hashes that the kernel half sends.
 *
 * The kernel half sends frames only with a hash that it has not sent before, so what leaves this
 * table must be forgotten there too: file_table's cousin calls back for that.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/frame.h"

struct stack_table;

struct stack {
	uint64_t hash;
	uint32_t number;     /* from 1 */
	uint32_t dictionary; /* in which it was described last, 0 if in none */
	uint32_t last_used;  /* dictionary in force when it was last seen */
	uint32_t n_frames;
	uint32_t outcome;        /* enum stack_outcome */
	uint32_t is_provisional; /* some of its frames may be found out when it is seen again */
	struct frame frames[];   /* leaf first */
};

/* Returns 0 and sets *@ret_table, for at most @max_stacks (owned by the caller), or -ENOMEM. */
int stack_table_new(size_t max_stacks, struct stack_table **ret_table);

/* Accepts NULL. Always returns NULL. */
struct stack_table *stack_table_free(struct stack_table *table);

/* Borrowed: lives until stack_table_forget_unused() takes it. NULL: not there. */
struct stack *stack_table_find(const struct stack_table *table, uint64_t hash);

/*
 * Add a stack that is not there, with room for @n_frames which the caller fills in.
 *
 * Returns 0 and sets *@ret_stack, -ENOSPC if the table is full, or -ENOMEM.
 */
int stack_table_add(struct stack_table *table, uint64_t hash, uint32_t n_frames,
		    struct stack **ret_stack);

/* Forget @stack, which is in the table. */
void stack_table_remove(struct stack_table *table, struct stack *stack);

/* Forget the stacks whose last_used is before @dictionary, and call @on_forget for each. */
void stack_table_forget_unused(struct stack_table *table, uint32_t dictionary,
			       void (*on_forget)(void *context, uint64_t hash), void *context);

/* Call @on_stack for each. */
void stack_table_each(const struct stack_table *table,
		      void (*on_stack)(void *context, const struct stack *stack), void *context);

size_t stack_table_count(const struct stack_table *table);

/* A hash for a stack that the kernel half has not seen as a whole, and has none of. */
uint64_t stack_hash(const struct frame *frames, size_t n_frames, uint32_t outcome);
