/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/daemon/cache_folder.h"
#include "profiler/daemon/log.h"
#include "unwind/unwind_table.h"

#define TABLE_FILE_MAGIC     0x656c626174746c70ULL /* "plttable" */
#define TABLE_FILE_VERSION   1U
#define TABLE_FILE_MAX_BYTES (64ULL << 20) /* the resolver makes none that is larger */

/* A build id and three numbers, in hexadecimal digits. */
#define NAME_BYTES (2 * BUILD_ID_MAX_BYTES + 3 * 17 + sizeof(CACHE_FILE_ENDING))

/* What a file starts with; the table follows. */
struct table_file_header {
	uint64_t magic;
	uint32_t version;
	uint32_t crc; /* CRC-32 of all, with this as 0 */
	struct build_id maker;
	uint32_t unused;
	struct table_cache_key key;
	uint64_t table_bytes;
};

struct table_cache {
	struct cache_folder *folder; /* NULL: nothing is kept */
	char *path;
	struct build_id maker;
	struct table_cache_status status;
};

DEFINE_CLEANUP(struct table_cache *, table_cache_free)

/* The same failure comes again and again, as with a disk that is full: it is said once. */
static void count_error(struct table_cache *cache, enum table_cache_error reason, const char *what,
			const char *why)
{
	if (cache->status.errors[reason]++ == 0)
		log_line("%s the table cache %s: %s; what is not kept is compiled anew at the next "
			 "start",
			 what, cache->path, why);
}

static enum table_cache_error reason_of(int error)
{
	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		return TABLE_CACHE_FULL;
	case -EROFS:
	case -EACCES:
	case -EPERM:
		return TABLE_CACHE_READ_ONLY;
	case -EFBIG:
		return TABLE_CACHE_TOO_LARGE;
	default:
		return TABLE_CACHE_IO;
	}
}

static int read_own_build_id(struct build_id *ret_id)
{
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : build_id_read(fd, ret_id);
}

static int open_folder(struct table_cache *cache, const struct table_cache_options *options)
{
	int r = 0;

	cache->maker = options->maker;
	if (!cache->maker.n_bytes)
		r = read_own_build_id(&cache->maker);
	if (r < 0) {
		count_error(cache, TABLE_CACHE_FOLDER, "cannot use",
			    "this program has no build id");
		return 0;
	}
	r = cache_folder_open(cache->path, options->max_bytes, &cache->folder);
	if (r < 0 && r != -ENOMEM) {
		count_error(cache, TABLE_CACHE_FOLDER, "cannot use", cache_folder_strerror(r));
		return 0;
	}
	return r;
}

int table_cache_new(const struct table_cache_options *options, struct table_cache **ret_cache)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	if (options->folder) {
		cache->path = strdup(options->folder);
		r = cache->path ? open_folder(cache, options) : -ENOMEM;
		if (r < 0)
			return r;
	}
	*ret_cache = steal(cache);
	return 0;
}

struct table_cache *table_cache_free(struct table_cache *cache)
{
	if (!cache)
		return NULL;
	cache_folder_free(cache->folder);
	free(cache->path);
	free(cache);
	return NULL;
}

int table_cache_key_of(struct table_cache *cache, int fd, struct table_cache_key *ret_key)
{
	struct table_cache_key key = { 0 };
	struct stat status;

	if (!cache->folder)
		return -ENODATA;
	/* A memory file, or one that was deleted, will not be seen after the next start. */
	if (fstat(fd, &status) < 0 || status.st_nlink == 0 ||
	    build_id_read(fd, &key.build_id) < 0) {
		cache->status.unkeyed++;
		return -ENODATA;
	}
	key.owner = status.st_uid;
	key.size_bytes = (uint64_t)status.st_size;
	key.change_time_ns = status.st_mtim.tv_sec * NS_PER_SECOND + status.st_mtim.tv_nsec;
	*ret_key = key;
	return 0;
}

static void name_of(const struct table_cache_key *key, char ret_name[NAME_BYTES])
{
	int n = 0;

	for (uint32_t i = 0; i < key->build_id.n_bytes; i++)
		n += snprintf(ret_name + n, 3, "%02x", key->build_id.bytes[i]);
	snprintf(ret_name + n, NAME_BYTES - (size_t)n,
		 "-%" PRIx64 "-%" PRIx64 "-%" PRIx32 CACHE_FILE_ENDING, key->size_bytes,
		 (uint64_t)key->change_time_ns, key->owner);
}

static uint32_t sum_of(const struct table_file_header *header, const void *table)
{
	struct table_file_header summed = *header;
	uLong crc = crc32(0, NULL, 0);

	summed.crc = 0;
	crc = crc32_z(crc, (const Bytef *)&summed, sizeof(summed));
	return (uint32_t)crc32_z(crc, table, header->table_bytes);
}

/* -ESTALE: made by another version, or for its like; -EBADMSG: not as it was written. */
static int read_header(const struct table_cache *cache, int fd, const struct table_cache_key *key,
		       struct table_file_header *ret_header)
{
	struct stat status;
	int r = file_read_at(fd, ret_header, sizeof(*ret_header), 0);

	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (ret_header->magic != TABLE_FILE_MAGIC)
		return -EBADMSG;
	if (ret_header->version != TABLE_FILE_VERSION ||
	    memcmp(&ret_header->maker, &cache->maker, sizeof(cache->maker)) != 0)
		return -ESTALE;
	if (ret_header->table_bytes > TABLE_FILE_MAX_BYTES ||
	    (uint64_t)status.st_size != sizeof(*ret_header) + ret_header->table_bytes ||
	    memcmp(&ret_header->key, key, sizeof(*key)) != 0)
		return -EBADMSG;
	return 0;
}

static int read_table(const struct table_cache *cache, int fd, const struct table_cache_key *key,
		      void **ret_table, size_t *ret_size)
{
	_cleanup_(freep) void *table = NULL;
	struct table_file_header header;
	int r;

	r = read_header(cache, fd, key, &header);
	if (r < 0)
		return r;
	table = malloc(header.table_bytes + 1);
	if (!table)
		return -ENOMEM;
	r = file_read_at(fd, table, header.table_bytes, sizeof(header));
	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (sum_of(&header, table) != header.crc)
		return -EBADMSG;
	r = unwind_table_check(table, header.table_bytes);
	if (r < 0)
		return r;
	*ret_table = steal(table);
	*ret_size = header.table_bytes;
	return 0;
}

bool table_cache_find(struct table_cache *cache, const struct table_cache_key *key,
		      void **ret_table, size_t *ret_size)
{
	_cleanup_(closep) int fd = -1;
	char name[NAME_BYTES];
	int r;

	if (!cache->folder)
		return false;
	name_of(key, name);
	fd = cache_folder_get(cache->folder, name);
	r = fd < 0 ? fd : read_table(cache, fd, key, ret_table, ret_size);
	if (r == 0) {
		cache->status.hits++;
		return true;
	}
	cache->status.misses++;
	if (r == -EBADMSG) {
		cache->status.damaged++;
		cache_folder_remove(cache->folder, name);
	} else if (r != -ENOENT && r != -ESTALE) {
		count_error(cache, reason_of(r), "cannot read", strerror(-r));
	}
	return false;
}

void table_cache_put(struct table_cache *cache, const struct table_cache_key *key,
		     const void *table, size_t size)
{
	struct table_file_header header = {
		.magic = TABLE_FILE_MAGIC,
		.version = TABLE_FILE_VERSION,
		.maker = cache->maker,
		.key = *key,
		.table_bytes = size,
	};
	const struct iovec parts[] = { { &header, sizeof(header) },
				       { (void *)(uintptr_t)table, size } };
	char name[NAME_BYTES];
	int r;

	if (!cache->folder)
		return;
	header.crc = sum_of(&header, table);
	name_of(key, name);
	r = size > TABLE_FILE_MAX_BYTES ? -EFBIG : cache_folder_put(cache->folder, name, parts, 2);
	if (r < 0)
		count_error(cache, reason_of(r), "cannot write to", strerror(-r));
	else
		cache->status.written++;
}

void table_cache_get_status(const struct table_cache *cache, struct table_cache_status *ret_status)
{
	*ret_status = cache->status;
	if (cache->folder) {
		const struct cache_folder_usage *usage = cache_folder_usage(cache->folder);

		ret_status->bytes = usage->bytes;
		ret_status->n_tables = usage->n_files;
		ret_status->evicted = usage->n_evicted;
	}
}
