/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/string_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

struct string_entry {
	UT_hash_handle hh;
	uint32_t number;
	char text[];
};

struct string_table {
	struct string_entry *by_text;
	struct string_entry **by_number;
	size_t capacity;
	uint32_t count;
	size_t bytes;
};

DEFINE_CLEANUP(struct string_table *, string_table_free)

int string_table_new(struct string_table **ret_table)
{
	_cleanup_(string_table_freep) struct string_table *table = calloc(1, sizeof(*table));
	uint32_t empty;
	int r;

	if (!table)
		return -ENOMEM;
	r = string_table_add(table, "", &empty);
	if (r < 0)
		return r;
	*ret_table = steal(table);
	return 0;
}

struct string_table *string_table_free(struct string_table *table)
{
	if (!table)
		return NULL;
	HASH_CLEAR(hh, table->by_text);
	for (uint32_t i = 0; i < table->count; i++)
		free(table->by_number[i]);
	free(table->by_number);
	free(table);
	return NULL;
}

int string_table_add(struct string_table *table, const char *text, uint32_t *ret_string)
{
	return string_table_add_n(table, text, strlen(text), ret_string);
}

int string_table_add_n(struct string_table *table, const char *text, size_t length,
		       uint32_t *ret_string)
{
	struct string_entry *entry = NULL;
	int r;

	HASH_FIND(hh, table->by_text, text, length, entry);
	if (entry) {
		*ret_string = entry->number;
		return 0;
	}
	if (table->count == UINT32_MAX)
		return -ENOMEM;
	r = array_reserve((void **)&table->by_number, &table->capacity, table->count + 1UL,
			  sizeof(*table->by_number));
	if (r < 0)
		return r;
	entry = calloc(1, sizeof(*entry) + length + 1);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->text, text, length);
	entry->number = table->count;
	HASH_ADD_KEYPTR(hh, table->by_text, entry->text, length, entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	table->by_number[table->count++] = entry;
	table->bytes += sizeof(*entry) + length + 1 + sizeof(*table->by_number);
	*ret_string = entry->number;
	return 0;
}

const char *string_table_get(const struct string_table *table, uint32_t string)
{
	assert(string < table->count);
	return table->by_number[string]->text;
}

uint32_t string_table_count(const struct string_table *table)
{
	return table->count;
}

size_t string_table_bytes(const struct string_table *table)
{
	return table->bytes;
}
