/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_maps.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <uthash.h>

#include "profiler/base/clock.h"

enum { FILES_FD = 1000001, SHARDS_FD };

struct kernel_file {
	UT_hash_handle hh;
	struct file_key key;
	struct unwind_file file;
};

static struct kernel_file *files;
static size_t n_shards;
static int64_t now_ns;

static int memory_file(size_t size)
{
	int fd = memfd_create("map", MFD_CLOEXEC);

	assert(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
	return fd;
}

struct table_store_maps kernel_maps_open(void)
{
	assert(!files);
	n_shards = 0;
	now_ns = 3600 * NS_PER_SECOND;
	return (struct table_store_maps){
		.files_fd = FILES_FD,
		.shards_fd = SHARDS_FD,
		.rules_fd = memory_file(UNWIND_MAX_RULES * sizeof(uint64_t)),
	};
}

static void remove_file(struct kernel_file *file)
{
	HASH_DEL(files, file);
	free(file);
}

void kernel_maps_close(const struct table_store_maps *maps)
{
	while (files)
		remove_file(files);
	close(maps->rules_fd);
}

int64_t kernel_maps_now_ns(void)
{
	return now_ns;
}

void kernel_maps_advance_ns(int64_t ns)
{
	now_ns += ns;
}

static struct kernel_file *find(const void *key)
{
	struct kernel_file *file = NULL;

	HASH_FIND(hh, files, key, sizeof(struct file_key), file);
	return file;
}

struct unwind_file *kernel_maps_find(const struct file_key *key)
{
	struct kernel_file *file = find(key);

	return file ? &file->file : NULL;
}

bool kernel_maps_hit(const struct file_key *key)
{
	struct unwind_file *file = kernel_maps_find(key);

	if (file)
		file->last_used_s = (uint32_t)(now_ns / NS_PER_SECOND);
	return file && file->kind == UNWIND_FILE_TABLE;
}

size_t kernel_maps_file_count(void)
{
	return HASH_COUNT(files);
}

size_t kernel_maps_shard_count(void)
{
	return n_shards;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	(void)clock;
	*ret_time = (struct timespec){ now_ns / NS_PER_SECOND, now_ns % NS_PER_SECOND };
	return 0;
}

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *options)
{
	(void)type;
	(void)name;
	(void)key_size;
	(void)options;
	return memory_file((size_t)value_size * max_entries);
}

int bpf_map_lookup_elem(int fd, const void *key, void *ret_value)
{
	struct kernel_file *file = find(key);

	assert(fd == FILES_FD);
	if (!file) {
		errno = ENOENT;
		return -1;
	}
	memcpy(ret_value, &file->file, sizeof(file->file));
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	struct kernel_file *file;

	(void)flags;
	if (fd == SHARDS_FD) {
		n_shards++;
		return 0;
	}
	assert(fd == FILES_FD);
	file = find(key);
	if (!file) {
		if (HASH_COUNT(files) == UNWIND_MAX_FILES) {
			errno = E2BIG;
			return -1;
		}
		file = calloc(1, sizeof(*file));
		assert(file);
		memcpy(&file->key, key, sizeof(file->key));
		HASH_ADD(hh, files, key, sizeof(file->key), file);
	}
	memcpy(&file->file, value, sizeof(file->file));
	return 0;
}

int bpf_map_delete_elem(int fd, const void *key)
{
	struct kernel_file *file = find(key);

	assert(fd == FILES_FD);
	if (!file) {
		errno = ENOENT;
		return -1;
	}
	remove_file(file);
	return 0;
}
