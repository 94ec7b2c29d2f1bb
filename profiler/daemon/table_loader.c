/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/memory_file.h"
#include "profiler/daemon/shard_space.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_store.h"
#include "unwind/unwind_table.h"

/* Of all tables that wait for room, in memory. */
#define WAITING_MAX_BYTES UNWIND_TABLE_MAX_BYTES

/* How long samples may be on their way with a number that a file had before. */
#define OLD_NUMBER_NS (10 * NS_PER_SECOND)

/* A table that waits for room is tried again when it has become free. */
#define WAIT_NS (SHARD_GRACE_NS + 50 * NS_PER_MS)

/* A binary that the kernel half has not hit has its table under a number and a key of our own.
 * Those of the kernel half have 31 bits, and no such device. */
#define OWN_NUMBER(binary) (1U << 31 | (binary))
#define OWN_DEVICE         UINT32_MAX

enum code_file_state {
	CODE_FILE_AWAITED, /* its table is to come */
	CODE_FILE_WAITS,   /* it is here, and waits for room until due_ns */
	CODE_FILE_DONE,    /* it is in the store, or there is none */
	CODE_FILE_REFUSED, /* there is none until due_ns, when it may be asked for again */
	CODE_FILE_OLD,     /* the file has another number; this one is known until due_ns */
};

/* A file by the kernel half's number. */
struct code_file {
	UT_hash_handle hh;
	struct code_file *next; /* of the same binary */
	uint32_t number;
	uint32_t binary; /* 0: it could not be opened */
	struct file_key key;
	enum code_file_state state;
	int64_t due_ns;
	void *waiting; /* the table that waits for room, or NULL */
	size_t waiting_bytes;
	bool is_cacheable; /* and not in the cache: known there by the next */
	struct binary_key cache_key;
};

/* A binary may have had several numbers. */
struct known_binary {
	UT_hash_handle hh;
	uint32_t number;
	struct code_file *files; /* the last one that came first */
};

struct table_loader {
	struct table_store *store;
	struct table_cache *cache;
	struct code_file *files;
	struct known_binary *binaries;
	int64_t next_due_ns; /* not later than that of any file that has one */
	size_t waiting_bytes;
	uint64_t n_changes; /* of states */
};

int table_loader_new(struct table_store *store, struct table_cache *cache,
		     struct table_loader **ret_loader)
{
	struct table_loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return -ENOMEM;
	loader->store = store;
	loader->cache = cache;
	loader->next_due_ns = INT64_MAX;
	*ret_loader = loader;
	return 0;
}

static struct code_file *find_file(const struct table_loader *loader, uint32_t number)
{
	struct code_file *file = NULL;

	HASH_FIND(hh, loader->files, &number, sizeof(number), file);
	return file;
}

static struct known_binary *find_binary(const struct table_loader *loader, uint32_t number)
{
	struct known_binary *binary = NULL;

	HASH_FIND(hh, loader->binaries, &number, sizeof(number), binary);
	return binary;
}

/* The files of @binary, the last one that came first, or NULL. */
static struct code_file *files_of(const struct table_loader *loader, uint32_t binary)
{
	struct known_binary *known = find_binary(loader, binary);

	return known ? known->files : NULL;
}

/* @wait_ns: how long until something is due, or 0: nothing is. */
static void set_state(struct table_loader *loader, struct code_file *file,
		      enum code_file_state state, int64_t wait_ns)
{
	if (file->waiting && state != CODE_FILE_WAITS) {
		loader->waiting_bytes -= file->waiting_bytes;
		free(file->waiting);
		file->waiting = NULL;
	}
	loader->n_changes++;
	file->state = state;
	file->due_ns = wait_ns ? clock_monotonic_ns() + wait_ns : INT64_MAX;
	if (file->due_ns < loader->next_due_ns)
		loader->next_due_ns = file->due_ns;
}

static void remove_file(struct table_loader *loader, struct code_file *file)
{
	struct known_binary *binary = find_binary(loader, file->binary);
	struct code_file **link = &binary->files;

	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	if (!binary->files) {
		HASH_DEL(loader->binaries, binary);
		free(binary);
	}
	set_state(loader, file, CODE_FILE_OLD, 0);
	HASH_DEL(loader->files, file);
	free(file);
}

struct table_loader *table_loader_free(struct table_loader *loader)
{
	if (!loader)
		return NULL;
	while (loader->files)
		remove_file(loader, loader->files);
	free(loader);
	return NULL;
}

static int get_binary(struct table_loader *loader, uint32_t number,
		      struct known_binary **ret_binary)
{
	struct known_binary *binary = find_binary(loader, number);

	if (!binary) {
		binary = calloc(1, sizeof(*binary));
		if (!binary)
			return -ENOMEM;
		binary->number = number;
		HASH_ADD(hh, loader->binaries, number, sizeof(binary->number), binary);
		if (!binary->hh.tbl) { /* how uthash tells that it had no memory */
			free(binary);
			return -ENOMEM;
		}
	}
	*ret_binary = binary;
	return 0;
}

/* Numbers that the file had before are of use only to samples that are on their way. */
static void retire_old(struct table_loader *loader, struct code_file *file,
		       const struct file_key *key)
{
	int64_t now_ns = clock_monotonic_ns();
	struct code_file *next;

	for (; file; file = next) {
		next = file->next;
		if (file->state == CODE_FILE_OLD && now_ns >= file->due_ns)
			remove_file(loader, file);
		else if (file->state != CODE_FILE_OLD && memcmp(&file->key, key, sizeof(*key)) == 0)
			set_state(loader, file, CODE_FILE_OLD, OLD_NUMBER_NS);
	}
}

/* The kernel half has hit a binary whose table we have, or await, for walkers: it is its own now.
 */
static void hand_on(struct table_loader *loader, struct code_file *file)
{
	struct code_file *own = find_file(loader, OWN_NUMBER(file->binary));

	if (!own || own == file)
		return;
	file->is_cacheable = own->is_cacheable;
	file->cache_key = own->cache_key;
	if (table_store_rename(loader->store, &own->key, &file->key, file->number) == 0)
		set_state(loader, file, CODE_FILE_DONE, 0);
	table_store_forget(loader->store, &own->key);
	remove_file(loader, own);
}

int table_loader_expect(struct table_loader *loader, uint32_t binary)
{
	const struct file_key own_key = { .inode = binary, .device = OWN_DEVICE };

	if (files_of(loader, binary) && table_loader_kind(loader, binary) != UNWIND_FILE_NO_TABLE)
		return 0;
	return table_loader_add(loader, &own_key, OWN_NUMBER(binary), binary);
}

int table_loader_add(struct table_loader *loader, const struct file_key *key, uint32_t number,
		     uint32_t binary)
{
	struct code_file *file = find_file(loader, number);
	struct known_binary *known;
	int r;

	if (file) { /* numbers came round: the one that had it gets another when it is hit */
		if (file->state != CODE_FILE_OLD)
			table_store_forget(loader->store, &file->key);
		remove_file(loader, file);
	}
	retire_old(loader, files_of(loader, binary), key);
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = (struct code_file){
		.number = number, .binary = binary, .key = *key, .due_ns = INT64_MAX
	};
	HASH_ADD(hh, loader->files, number, sizeof(file->number), file);
	r = file->hh.tbl ? get_binary(loader, binary, &known) : -ENOMEM;
	if (r < 0) {
		if (file->hh.tbl)
			HASH_DEL(loader->files, file);
		free(file);
		return r;
	}
	file->next = known->files;
	known->files = file;
	hand_on(loader, file);
	return 0;
}

uint32_t table_loader_find(const struct table_loader *loader, uint32_t number)
{
	const struct code_file *file = find_file(loader, number);

	return file ? file->binary : 0;
}

enum unwind_file_kind table_loader_kind(const struct table_loader *loader, uint32_t binary)
{
	const struct code_file *file = files_of(loader, binary);

	/* One that is not known may be asked for again: when it is hit. */
	if (!file || file->state == CODE_FILE_AWAITED || file->state == CODE_FILE_WAITS)
		return UNWIND_FILE_PENDING;
	return table_store_has(loader->store, &file->key) ? UNWIND_FILE_TABLE
							  : UNWIND_FILE_NO_TABLE;
}

uint64_t table_loader_change_count(const struct table_loader *loader)
{
	return loader->n_changes;
}

uint64_t table_loader_find_rule(const struct table_loader *loader, uint32_t binary,
				uint64_t file_off)
{
	const struct code_file *file = files_of(loader, binary);

	return file ? table_store_find_rule(loader->store, &file->key, file_off) : 0;
}

void table_loader_reject(struct table_loader *loader, const struct file_key *key, uint32_t number,
			 bool for_good)
{
	if (!for_good || table_loader_add(loader, key, number, 0) < 0) {
		table_store_forget(loader->store, key);
		return;
	}
	set_state(loader, find_file(loader, number), CODE_FILE_REFUSED, TABLE_LOADER_REJECT_NS);
	(void)table_store_refuse(loader->store, key, number);
}

/* Foreign bytes that can no longer change or shrink, mapped; or NULL. */
static void *map_sealed(int fd, size_t *ret_size)
{
	struct stat status;
	void *bytes;

	if (!memory_file_is_sealed(fd) || fstat(fd, &status) < 0 || status.st_size <= 0 ||
	    (uint64_t)status.st_size > UNWIND_TABLE_MAX_BYTES)
		return NULL;
	*ret_size = (size_t)status.st_size;
	bytes = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

/* Its table finds room when others have left. Keep a copy until then, if there are not too many. */
static void wait_for_room(struct table_loader *loader, struct code_file *file, const void *table,
			  size_t size)
{
	if (!file->waiting && loader->waiting_bytes + size <= WAITING_MAX_BYTES) {
		file->waiting = malloc(size);
		if (file->waiting) {
			memcpy(file->waiting, table, size);
			file->waiting_bytes = size;
			loader->waiting_bytes += size;
		}
	}
	if (file->waiting) {
		set_state(loader, file, CODE_FILE_WAITS, WAIT_NS);
		return;
	}
	set_state(loader, file, CODE_FILE_DONE, 0);
	table_store_forget(loader->store, &file->key);
}

/* What does not pass the check is counted by the store, and refused there, as is what does not fit:
 * but that may be tried again. */
static void put_table(struct table_loader *loader, struct code_file *file, const void *table,
		      size_t size)
{
	int r = table ? table_store_put(loader->store, &file->key, file->number, table, size)
		      : table_store_refuse(loader->store, &file->key, file->number);

	if (r == 0 && table && file->is_cacheable) {
		table_cache_put(loader->cache, &file->cache_key, table, size);
		file->is_cacheable = false;
	}
	if (r == -EAGAIN && table)
		wait_for_room(loader, file, table, size);
	else if (r == -ENOSPC || r == -ENOMEM)
		set_state(loader, file, CODE_FILE_REFUSED, TABLE_LOADER_RETRY_NS);
	else
		set_state(loader, file, CODE_FILE_DONE, 0);
}

/* Give the table of @binary, or NULL, to those of its files that wait for it. */
static void put_awaited(struct table_loader *loader, uint32_t binary, const void *table,
			size_t size)
{
	for (struct code_file *file = files_of(loader, binary); file; file = file->next)
		if (file->state == CODE_FILE_AWAITED)
			put_table(loader, file, table, size);
}

void table_loader_put(struct table_loader *loader, uint32_t binary, int fd)
{
	size_t size = 0;
	void *table = map_sealed(fd, &size);

	put_awaited(loader, binary, table, size);
	if (table)
		munmap(table, size);
}

bool table_loader_load_cached(struct table_loader *loader, uint32_t binary, int fd)
{
	_cleanup_(freep) void *table = NULL;
	struct binary_key key;
	size_t size;

	if (table_cache_key_of(loader->cache, fd, &key) < 0)
		return false;
	if (table_cache_find(loader->cache, &key, &table, &size)) {
		put_awaited(loader, binary, table, size);
		return true;
	}
	for (struct code_file *file = files_of(loader, binary); file; file = file->next) {
		if (file->state != CODE_FILE_AWAITED)
			continue;
		file->is_cacheable = true;
		file->cache_key = key;
	}
	return false;
}

void table_loader_finish(struct table_loader *loader, uint32_t binary)
{
	table_loader_put(loader, binary, -1);
}

void table_loader_release(struct table_loader *loader)
{
	struct code_file *file, *next;

	HASH_ITER (hh, loader->files, file, next) {
		if (file->state != CODE_FILE_AWAITED)
			continue;
		table_store_forget(loader->store, &file->key);
		set_state(loader, file, CODE_FILE_DONE, 0);
	}
}

/* What was waited for is over. */
static void take_up(struct table_loader *loader, struct code_file *file)
{
	switch (file->state) {
	case CODE_FILE_WAITS:
		put_table(loader, file, file->waiting, file->waiting_bytes);
		break;
	case CODE_FILE_REFUSED:
		table_store_forget(loader->store, &file->key);
		set_state(loader, file, CODE_FILE_OLD, OLD_NUMBER_NS);
		break;
	default:
		remove_file(loader, file);
	}
}

void table_loader_run(struct table_loader *loader)
{
	int64_t now_ns = clock_monotonic_ns(), next_due_ns = INT64_MAX;
	struct code_file *file, *next;

	if (now_ns < loader->next_due_ns)
		return;
	loader->next_due_ns = INT64_MAX;
	HASH_ITER (hh, loader->files, file, next) {
		if (now_ns >= file->due_ns)
			take_up(loader, file); /* notes when it is due again */
		else if (file->due_ns < next_due_ns)
			next_due_ns = file->due_ns;
	}
	if (next_due_ns < loader->next_due_ns)
		loader->next_due_ns = next_due_ns;
}

void table_loader_forget(struct table_loader *loader, uint32_t binary)
{
	struct code_file *file, *next;

	for (file = files_of(loader, binary); file; file = next) {
		next = file->next;
		if (file->state != CODE_FILE_OLD)
			table_store_forget(loader->store, &file->key);
		remove_file(loader, file);
	}
}
