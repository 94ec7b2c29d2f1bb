/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/process_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

struct process_entry {
	struct process process; /* first: one is the other */
	UT_hash_handle hh;
};

struct thread_key {
	uint32_t tid;
	char name[WIRE_COMM_BYTES];
};

struct thread_entry {
	struct thread thread; /* first: one is the other */
	struct thread_key key;
	UT_hash_handle hh;
};

struct process_table {
	struct process_entry *by_key;
	struct process_table_limits limits;
	size_t n_threads;
	uint32_t last_process;
	uint32_t last_thread;
};

int process_table_new(const struct process_table_limits *limits, struct process_table **ret_table)
{
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->limits = *limits;
	*ret_table = table;
	return 0;
}

static struct thread_entry *threads_of(const struct process *process)
{
	return (struct thread_entry *)(void *)process->threads;
}

static void forget_thread(struct process_table *table, struct process *process,
			  struct thread_entry *entry)
{
	struct thread_entry *head = threads_of(process);

	HASH_DEL(head, entry);
	process->threads = head ? &head->thread : NULL;
	free(entry);
	table->n_threads--;
}

static void drop_mappings(struct process *process)
{
	process->mappings = mapping_table_free(process->mappings);
	free(process->mapping_binaries);
	process->mapping_binaries = NULL;
}

static void forget_process(struct process_table *table, struct process_entry *entry)
{
	HASH_DEL(table->by_key, entry);
	while (entry->process.threads)
		forget_thread(table, &entry->process, threads_of(&entry->process));
	drop_mappings(&entry->process);
	free(entry->process.exe);
	free(entry->process.cgroup);
	free(entry->process.parent.exe);
	free(entry->process.parent.cgroup);
	free(entry);
}

struct process_table *process_table_free(struct process_table *table)
{
	if (!table)
		return NULL;
	while (table->by_key)
		forget_process(table, table->by_key);
	free(table);
	return NULL;
}

struct process *process_table_find(const struct process_table *table, const struct process_key *key)
{
	struct process_entry *entry = NULL;

	HASH_FIND(hh, table->by_key, key, sizeof(*key), entry);
	return entry ? &entry->process : NULL;
}

int process_table_add(struct process_table *table, const struct process_key *key,
		      struct process **ret_process)
{
	struct process_entry *entry;

	if (process_table_count(table) >= table->limits.max_processes)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->process.key = *key;
	HASH_ADD(hh, table->by_key, process.key, sizeof(entry->process.key), entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	entry->process.number = ++table->last_process;
	*ret_process = &entry->process;
	return 0;
}

static int add_thread(struct process_table *table, struct process *process,
		      const struct thread_key *key, struct thread_entry **ret_entry)
{
	struct thread_entry *head = threads_of(process);
	struct thread_entry *entry;

	if (table->n_threads >= table->limits.max_threads)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->key = *key;
	HASH_ADD(hh, head, key, sizeof(entry->key), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	process->threads = &head->thread;
	table->n_threads++;
	entry->thread.number = ++table->last_thread;
	entry->thread.tid = key->tid;
	memcpy(entry->thread.name, key->name, sizeof(entry->thread.name));
	*ret_entry = entry;
	return 0;
}

int process_table_get_thread(struct process_table *table, struct process *process, uint32_t tid,
			     const char name[WIRE_COMM_BYTES], struct thread **ret_thread)
{
	struct thread_entry *head = threads_of(process);
	struct thread_entry *entry = NULL;
	struct thread_key key = { .tid = tid };
	int r;

	/* What lies behind the NUL is no part of the name. */
	memcpy(key.name, name, strnlen(name, sizeof(key.name) - 1));
	HASH_FIND(hh, head, &key, sizeof(key), entry);
	if (!entry) {
		r = add_thread(table, process, &key, &entry);
		if (r < 0)
			return r;
	}
	*ret_thread = &entry->thread;
	return 0;
}

int process_set_mappings(struct process *process, struct mapping_table *mappings)
{
	drop_mappings(process);
	if (!mappings)
		return 0;
	process->mapping_binaries =
		calloc(mapping_table_count(mappings) + 1, sizeof(*process->mapping_binaries));
	if (!process->mapping_binaries) {
		mapping_table_free(mappings);
		return -ENOMEM;
	}
	process->mappings = mappings;
	return 0;
}

void process_table_forget_unused(struct process_table *table, uint32_t dictionary)
{
	struct process_entry *entry, *next;

	HASH_ITER (hh, table->by_key, entry, next) {
		struct thread_entry *thread, *next_thread;

		if (entry->process.n_pending)
			continue;
		if (entry->process.last_used < dictionary) {
			forget_process(table, entry);
			continue;
		}
		HASH_ITER (hh, threads_of(&entry->process), thread, next_thread)
			if (thread->thread.last_used < dictionary)
				forget_thread(table, &entry->process, thread);
	}
}

void process_table_each(const struct process_table *table,
			void (*on_process)(void *context, struct process *process), void *context)
{
	struct process_entry *entry, *next;

	HASH_ITER (hh, table->by_key, entry, next)
		on_process(context, &entry->process);
}

size_t process_table_count(const struct process_table *table)
{
	return HASH_COUNT(table->by_key);
}

size_t process_table_thread_count(const struct process_table *table)
{
	return table->n_threads;
}
