/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/file_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/cleanup.h"
#include "profiler/file_view.h"
#include "profiler/symbols.h"
#include "unwind/symbol_file.h"

struct file_table_entry {
	UT_hash_handle hh;
	uint32_t number;
	uint32_t n_dictionaries;
	struct file_view *view;
};

static size_t entry_bytes(const struct file_table_entry *entry)
{
	return sizeof(*entry) + sizeof(*entry->view) + strlen(entry->view->path) + 1;
}

static void entry_remove(struct file_table *table, struct file_table_entry *entry)
{
	table->bytes -= entry_bytes(entry);
	HASH_DEL(table->by_number, entry);
	file_view_unref(entry->view);
	free(entry);
}

void file_table_fini(struct file_table *table)
{
	struct file_table_entry *entry, *next;

	HASH_ITER (hh, table->by_number, entry, next)
		entry_remove(table, entry);
	*table = (struct file_table){ 0 };
}

static struct file_table_entry *entry_find(const struct file_table *table, uint32_t file)
{
	struct file_table_entry *entry = NULL;

	HASH_FIND(hh, table->by_number, &file, sizeof(file), entry);
	return entry;
}

/* Put a view of @facts in place. What @facts borrows may be the old view's. */
static int entry_replace(struct file_table *table, struct file_table_entry *entry,
			 const struct file_facts *facts)
{
	struct file_view *view;
	int r;

	r = file_view_new(facts, &view);
	if (r < 0)
		return r;
	table->bytes -= entry_bytes(entry);
	file_view_unref(entry->view);
	entry->view = view;
	table->bytes += entry_bytes(entry);
	return 0;
}

static struct file_facts entry_facts(const struct file_table_entry *entry)
{
	return (struct file_facts){
		.number = entry->number,
		.state = entry->view->state,
		.description = &entry->view->description,
		.key = &entry->view->key,
		.symbols = entry->view->symbols,
		.path = entry->view->path,
	};
}

static int entry_add(struct file_table *table, uint32_t file, const char *path)
{
	struct file_facts facts = { .number = file, .state = NAMES_PENDING, .path = path };
	_cleanup_(file_view_unrefp) struct file_view *view = NULL;
	struct file_table_entry *entry;
	int r;

	r = file_view_new(&facts, &view);
	if (r < 0)
		return r;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->number = file;
	entry->n_dictionaries = 1;
	HASH_ADD(hh, table->by_number, number, sizeof(entry->number), entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	entry->view = steal(view);
	table->bytes += entry_bytes(entry);
	return 0;
}

int file_table_hold(struct file_table *table, uint32_t file, const char *path)
{
	struct file_table_entry *entry = entry_find(table, file);
	int r;

	if (!entry)
		return entry_add(table, file, path);
	r = file_table_set_path(table, file, path);
	if (r < 0)
		return r;
	entry->n_dictionaries++;
	return 0;
}

void file_table_drop(struct file_table *table, uint32_t file)
{
	struct file_table_entry *entry = entry_find(table, file);

	if (entry && --entry->n_dictionaries == 0)
		entry_remove(table, entry);
}

int file_table_set_path(struct file_table *table, uint32_t file, const char *path)
{
	struct file_table_entry *entry = entry_find(table, file);
	struct file_facts facts;

	if (!entry)
		return -EINVAL;
	if (!strcmp(entry->view->path, path))
		return 0;
	facts = entry_facts(entry);
	facts.path = path;
	return entry_replace(table, entry, &facts);
}

int file_table_set_key(struct file_table *table, uint32_t file, const struct binary_key *key)
{
	struct file_table_entry *entry = entry_find(table, file);
	struct file_facts facts;

	if (!entry)
		return -EINVAL;
	if (!memcmp(&entry->view->key, key, sizeof(*key)))
		return 0;
	facts = entry_facts(entry);
	facts.key = key;
	return entry_replace(table, entry, &facts);
}

int file_table_describe(struct file_table *table, uint32_t file,
			const struct elf_description *description)
{
	struct file_table_entry *entry = entry_find(table, file);
	struct file_facts facts;

	if (!entry)
		return -EINVAL;
	facts = entry_facts(entry);
	facts.description = description;
	return entry_replace(table, entry, &facts);
}

int file_table_name(struct file_table *table, uint32_t file, enum names_state state,
		    struct symbols *symbols)
{
	struct file_table_entry *entry = entry_find(table, file);
	struct file_facts facts;

	if (!entry)
		return -EINVAL;
	facts = entry_facts(entry);
	facts.state = state;
	facts.symbols = symbols;
	return entry_replace(table, entry, &facts);
}

struct file_view *file_table_find(const struct file_table *table, uint32_t file)
{
	struct file_table_entry *entry = entry_find(table, file);

	return entry ? entry->view : NULL;
}

struct file_view *file_table_find_build_id(const struct file_table *table,
					   const struct build_id *build_id)
{
	struct file_table_entry *entry, *next;
	struct file_view *best = NULL;

	HASH_ITER (hh, table->by_number, entry, next) {
		const struct build_id *other = &entry->view->description.build_id;

		if (other->n_bytes != build_id->n_bytes ||
		    memcmp(other->bytes, build_id->bytes, other->n_bytes) != 0)
			continue;
		if (!best || !best->symbols ||
		    (entry->view->symbols && entry->view->state > best->state))
			best = entry->view;
	}
	return best;
}

void file_table_count(const struct file_table *table, uint32_t ret_n_files[NAMES_STATE_COUNT],
		      uint64_t *ret_symbol_bytes)
{
	struct file_table_entry *entry, *next;

	memset(ret_n_files, 0, NAMES_STATE_COUNT * sizeof(*ret_n_files));
	*ret_symbol_bytes = 0;
	HASH_ITER (hh, table->by_number, entry, next) {
		ret_n_files[entry->view->state]++;
		if (entry->view->symbols)
			*ret_symbol_bytes += symbol_file_bytes(entry->view->symbols->file);
	}
}
