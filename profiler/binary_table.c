/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/binary_table.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/frame.h"

struct entry {
	struct binary binary; /* first: one is the other */
	struct binary_identity identity;
	UT_hash_handle by_identity;
	UT_hash_handle by_number;
};

struct binary_table {
	struct entry *by_identity;
	struct entry *by_number;
	size_t max_binaries;
	uint32_t last_number;
};

int binary_table_new(size_t max_binaries, struct binary_table **ret_table)
{
	struct binary_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->max_binaries = max_binaries;
	*ret_table = table;
	return 0;
}

static void entry_free(struct entry *entry)
{
	if (entry->binary.fd >= 0)
		close(entry->binary.fd);
	if (entry->binary.symbols_fd >= 0)
		close(entry->binary.symbols_fd);
	closep(&entry->binary.fetched_fd);
	closep(&entry->binary.alternate_fd);
	free(entry->binary.path);
	free(entry->binary.debug_path);
	free(entry);
}

DEFINE_CLEANUP(struct entry *, entry_free)

static void forget(struct binary_table *table, struct entry *entry)
{
	HASH_DELETE(by_identity, table->by_identity, entry);
	HASH_DELETE(by_number, table->by_number, entry);
	entry_free(entry);
}

struct binary_table *binary_table_free(struct binary_table *table)
{
	if (!table)
		return NULL;
	while (table->by_number)
		forget(table, table->by_number);
	free(table);
	return NULL;
}

struct binary_identity binary_identity_of(const struct stat *status)
{
	return (struct binary_identity){
		.device = status->st_dev,
		.inode = status->st_ino,
		.size_bytes = (uint64_t)status->st_size,
		.change_time_ns = status->st_ctim.tv_sec * NS_PER_SECOND + status->st_ctim.tv_nsec,
	};
}

struct binary *binary_table_find(const struct binary_table *table,
				 const struct binary_identity *identity)
{
	struct entry *entry = NULL;

	HASH_FIND(by_identity, table->by_identity, identity, sizeof(*identity), entry);
	return entry ? &entry->binary : NULL;
}

struct binary *binary_table_find_number(const struct binary_table *table, uint32_t number)
{
	struct entry *entry = NULL;

	HASH_FIND(by_number, table->by_number, &number, sizeof(number), entry);
	return entry ? &entry->binary : NULL;
}

int binary_table_add(struct binary_table *table, const struct binary_identity *identity,
		     const char *path, struct binary **ret_binary)
{
	_cleanup_(entry_freep) struct entry *entry = NULL;

	if (binary_table_count(table) >= table->max_binaries)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->binary = (struct binary){
		.number = table->last_number + 1,
		.path = strndup(path, PATH_MAX - 1),
		.fd = -1,
		.symbols_fd = -1,
		.fetched_fd = -1,
		.alternate_fd = -1,
		.names = NAMES_PENDING,
	};
	entry->identity = *identity;
	if (!entry->binary.path)
		return -ENOMEM;
	HASH_ADD(by_identity, table->by_identity, identity, sizeof(entry->identity), entry);
	if (!entry->by_identity.tbl) /* how uthash tells that it had no memory */
		return -ENOMEM;
	HASH_ADD(by_number, table->by_number, binary.number, sizeof(entry->binary.number), entry);
	if (!entry->by_number.tbl) {
		HASH_DELETE(by_identity, table->by_identity, entry);
		return -ENOMEM;
	}
	table->last_number++;
	*ret_binary = &steal(entry)->binary;
	return 0;
}

static bool has_place(const struct binary *binary, uint64_t file_off)
{
	for (uint32_t i = 0; i < binary->n_places; i++)
		if (binary->places[i] == file_off)
			return true;
	return false;
}

void binary_note_places(struct binary *binary, const struct frame *frames, size_t n_frames)
{
	for (size_t i = 0; i < n_frames && binary->n_places < BINARY_MAX_PLACES; i++)
		if (frames[i].kind == FRAME_NATIVE && frames[i].file == binary->number &&
		    !has_place(binary, frames[i].place))
			binary->places[binary->n_places++] = frames[i].place;
}

void binary_table_forget_unused(struct binary_table *table, uint32_t dictionary,
				void (*on_forget)(void *context, const struct binary *binary),
				void *context)
{
	struct entry *entry, *next;

	HASH_ITER (by_number, table->by_number, entry, next) {
		if (entry->binary.last_used >= dictionary || entry->binary.fd >= 0)
			continue;
		on_forget(context, &entry->binary);
		forget(table, entry);
	}
}

void binary_table_each(struct binary_table *table,
		       void (*on_binary)(void *context, struct binary *binary), void *context)
{
	struct entry *entry, *next;

	HASH_ITER (by_number, table->by_number, entry, next)
		on_binary(context, &entry->binary);
}

size_t binary_table_count(const struct binary_table *table)
{
	return HASH_CNT(by_number, table->by_number);
}
