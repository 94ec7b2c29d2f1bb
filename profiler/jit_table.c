/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/jit_table.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/cleanup.h"

struct entry {
	struct jit jit; /* first: one is the other */
	UT_hash_handle hh;
};

struct jit_table {
	struct entry *by_number;
	size_t max_jits;
	uint32_t n_added;
};

int jit_table_new(size_t max_jits, struct jit_table **ret_table)
{
	struct jit_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->max_jits = max_jits;
	*ret_table = table;
	return 0;
}

static void forget(struct jit_table *table, struct entry *entry)
{
	struct jit *jit = &entry->jit;

	HASH_DEL(table->by_number, entry);
	closep(&jit->root_fd);
	closep(&jit->symbols_fd);
	for (int i = 0; i < JIT_SOURCE_COUNT; i++)
		closep(&jit->sources[i].fd);
	free(jit->path);
	free(entry);
}

struct jit_table *jit_table_free(struct jit_table *table)
{
	if (!table)
		return NULL;
	while (table->by_number)
		forget(table, table->by_number);
	free(table);
	return NULL;
}

struct jit *jit_table_find(const struct jit_table *table, uint32_t number)
{
	struct entry *entry = NULL;

	HASH_FIND(hh, table->by_number, &number, sizeof(number), entry);
	return entry ? &entry->jit : NULL;
}

int jit_table_add(struct jit_table *table, const struct process_key *process, struct jit **ret_jit)
{
	struct entry *entry;

	if (jit_table_count(table) >= table->max_jits)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->jit = (struct jit){
		.number = JIT_FIRST_NUMBER + table->n_added,
		.process = *process,
		.root_fd = -1,
		.symbols_fd = -1,
	};
	for (int i = 0; i < JIT_SOURCE_COUNT; i++)
		entry->jit.sources[i].fd = -1;
	HASH_ADD(hh, table->by_number, jit.number, sizeof(entry->jit.number), entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	table->n_added++;
	*ret_jit = &entry->jit;
	return 0;
}

void jit_table_forget_unused(struct jit_table *table, uint32_t dictionary)
{
	struct entry *entry, *next;

	HASH_ITER (hh, table->by_number, entry, next)
		if (entry->jit.last_used < dictionary && !entry->jit.is_ordered)
			forget(table, entry);
}

void jit_table_forget_ended(struct jit_table *table)
{
	struct entry *entry, *next;

	HASH_ITER (hh, table->by_number, entry, next)
		if (entry->jit.is_ended && !entry->jit.is_ordered)
			forget(table, entry);
}

void jit_table_each(struct jit_table *table, void (*on_jit)(void *context, struct jit *jit),
		    void *context)
{
	struct entry *entry, *next;

	HASH_ITER (hh, table->by_number, entry, next)
		on_jit(context, &entry->jit);
}

size_t jit_table_count(const struct jit_table *table)
{
	return HASH_COUNT(table->by_number);
}
