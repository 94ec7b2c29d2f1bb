/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/stack_table.h"

#include <errno.h>
#include <stdlib.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	struct stack stack; /* last: its frames follow */
};

struct stack_table {
	struct entry *by_hash;
	size_t max_stacks;
	uint32_t last_number;
};

int stack_table_new(size_t max_stacks, struct stack_table **ret_table)
{
	struct stack_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->max_stacks = max_stacks;
	*ret_table = table;
	return 0;
}

static void forget(struct stack_table *table, struct entry *entry)
{
	HASH_DEL(table->by_hash, entry);
	free(entry);
}

struct stack_table *stack_table_free(struct stack_table *table)
{
	if (!table)
		return NULL;
	while (table->by_hash)
		forget(table, table->by_hash);
	free(table);
	return NULL;
}

struct stack *stack_table_find(const struct stack_table *table, uint64_t hash)
{
	struct entry *entry = NULL;

	HASH_FIND(hh, table->by_hash, &hash, sizeof(hash), entry);
	return entry ? &entry->stack : NULL;
}

int stack_table_add(struct stack_table *table, uint64_t hash, uint32_t n_frames,
		    struct stack **ret_stack)
{
	struct entry *entry;

	if (stack_table_count(table) >= table->max_stacks)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry) + n_frames * sizeof(entry->stack.frames[0]));
	if (!entry)
		return -ENOMEM;
	entry->stack.hash = hash;
	entry->stack.n_frames = n_frames;
	HASH_ADD(hh, table->by_hash, stack.hash, sizeof(entry->stack.hash), entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	entry->stack.number = ++table->last_number;
	*ret_stack = &entry->stack;
	return 0;
}

void stack_table_remove(struct stack_table *table, struct stack *stack)
{
	struct entry *entry = NULL;

	HASH_FIND(hh, table->by_hash, &stack->hash, sizeof(stack->hash), entry);
	forget(table, entry);
}

void stack_table_forget_unused(struct stack_table *table, uint32_t dictionary,
			       void (*on_forget)(void *context, uint64_t hash), void *context)
{
	struct entry *entry, *next;

	HASH_ITER (hh, table->by_hash, entry, next) {
		if (entry->stack.last_used >= dictionary)
			continue;
		on_forget(context, entry->stack.hash);
		forget(table, entry);
	}
}

void stack_table_each(const struct stack_table *table,
		      void (*on_stack)(void *context, const struct stack *stack), void *context)
{
	for (const struct entry *entry = table->by_hash; entry; entry = entry->hh.next)
		on_stack(context, &entry->stack);
}

size_t stack_table_count(const struct stack_table *table)
{
	return HASH_COUNT(table->by_hash);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ (hash >> 32);
}

uint64_t stack_hash(const struct frame *frames, size_t n_frames, uint32_t outcome)
{
	uint64_t hash = outcome;

	for (size_t i = 0; i < n_frames; i++) {
		hash = mix(hash, frames[i].place);
		hash = mix(hash, frames[i].file ^ (uint64_t)frames[i].kind << 32);
	}
	return hash;
}
