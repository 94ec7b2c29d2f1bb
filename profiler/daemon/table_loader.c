/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/daemon/table_store.h"

/* A file by the kernel half's number. A binary may have had several, the last one counts. */
struct code_file {
	UT_hash_handle hh;
	uint32_t number;
	uint32_t binary;
	struct file_key key;
	bool is_awaited;
};

struct table_loader {
	struct table_store *store;
	struct code_file *by_number;
};

int table_loader_new(struct table_store *store, struct table_loader **ret_loader)
{
	struct table_loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return -ENOMEM;
	loader->store = store;
	*ret_loader = loader;
	return 0;
}

static void remove_code_file(struct table_loader *loader, struct code_file *code_file)
{
	HASH_DEL(loader->by_number, code_file);
	free(code_file);
}

struct table_loader *table_loader_free(struct table_loader *loader)
{
	if (!loader)
		return NULL;
	while (loader->by_number)
		remove_code_file(loader, loader->by_number);
	free(loader);
	return NULL;
}

int table_loader_add(struct table_loader *loader, const struct file_key *key, uint32_t number,
		     uint32_t binary)
{
	struct code_file *code_file = NULL;

	HASH_FIND(hh, loader->by_number, &number, sizeof(number), code_file);
	if (code_file) { /* numbers came round: the one that had it gets another when it is hit */
		table_store_forget(loader->store, &code_file->key);
		remove_code_file(loader, code_file);
	}
	code_file = calloc(1, sizeof(*code_file));
	if (!code_file)
		return -ENOMEM;
	*code_file = (struct code_file){
		.number = number,
		.binary = binary,
		.key = *key,
		.is_awaited = true,
	};
	HASH_ADD(hh, loader->by_number, number, sizeof(code_file->number), code_file);
	if (!code_file->hh.tbl) { /* how uthash tells that it had no memory */
		free(code_file);
		return -ENOMEM;
	}
	return 0;
}

uint32_t table_loader_find(const struct table_loader *loader, uint32_t number)
{
	struct code_file *code_file = NULL;

	HASH_FIND(hh, loader->by_number, &number, sizeof(number), code_file);
	return code_file ? code_file->binary : 0;
}

/* The last number that @binary was given, or NULL. */
static const struct code_file *find_binary(const struct table_loader *loader, uint32_t binary)
{
	const struct code_file *code_file, *found = NULL;

	for (code_file = loader->by_number; code_file; code_file = code_file->hh.next)
		if (code_file->binary == binary)
			found = code_file;
	return found;
}

enum unwind_file_kind table_loader_kind(const struct table_loader *loader, uint32_t binary)
{
	const struct code_file *code_file = find_binary(loader, binary);

	/* One that the kernel half has not met will be met soon, or never: by the next tick in it.
	 */
	if (!code_file || code_file->is_awaited)
		return UNWIND_FILE_PENDING;
	return table_store_has(loader->store, &code_file->key) ? UNWIND_FILE_TABLE
							       : UNWIND_FILE_NO_TABLE;
}

uint64_t table_loader_find_rule(const struct table_loader *loader, uint32_t binary,
				uint64_t file_off)
{
	const struct code_file *code_file = find_binary(loader, binary);

	return code_file ? table_store_find_rule(loader->store, &code_file->key, file_off) : 0;
}

void table_loader_reject(struct table_loader *loader, const struct file_key *key, uint32_t number,
			 bool for_good)
{
	if (for_good)
		(void)table_store_refuse(loader->store, key, number);
	else
		table_store_forget(loader->store, key);
}

/* Foreign bytes that can no longer change or shrink, mapped; or NULL. */
static void *map_sealed(int fd, size_t *ret_size)
{
	const int needed_seals = F_SEAL_SHRINK | F_SEAL_WRITE;
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	struct stat status;
	void *bytes;

	if (seals < 0 || (seals & needed_seals) != needed_seals || fstat(fd, &status) < 0 ||
	    status.st_size <= 0)
		return NULL;
	*ret_size = (size_t)status.st_size;
	bytes = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

void table_loader_put(struct table_loader *loader, uint32_t binary, int fd)
{
	struct code_file *code_file, *next;
	size_t size = 0;
	void *bytes = map_sealed(fd, &size);

	HASH_ITER (hh, loader->by_number, code_file, next) {
		if (code_file->binary != binary || !code_file->is_awaited)
			continue;
		code_file->is_awaited = false;
		/* What does not fit or pass is counted by the store, and refused there. */
		if (bytes)
			(void)table_store_put(loader->store, &code_file->key, code_file->number,
					      bytes, size);
		else
			(void)table_store_refuse(loader->store, &code_file->key, code_file->number);
	}
	if (bytes)
		munmap(bytes, size);
}

void table_loader_finish(struct table_loader *loader, uint32_t binary)
{
	table_loader_put(loader, binary, -1);
}

void table_loader_release(struct table_loader *loader)
{
	struct code_file *code_file, *next;

	HASH_ITER (hh, loader->by_number, code_file, next) {
		if (code_file->is_awaited)
			table_store_forget(loader->store, &code_file->key);
		code_file->is_awaited = false;
	}
}

void table_loader_forget(struct table_loader *loader, uint32_t binary)
{
	struct code_file *code_file, *next;

	HASH_ITER (hh, loader->by_number, code_file, next) {
		if (code_file->binary != binary)
			continue;
		table_store_forget(loader->store, &code_file->key);
		remove_code_file(loader, code_file);
	}
}
