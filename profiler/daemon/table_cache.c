/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <zlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/daemon/cache_shelf.h"
#include "unwind/unwind_table.h"

#define TABLE_FILE_MAGIC     0x656c626174746c70ULL /* "plttable" */
#define TABLE_FILE_VERSION   2U
#define TABLE_FILE_MAX_BYTES (64ULL << 20) /* the resolver makes none that is larger */

struct table_cache {
	struct cache_shelf *shelf;
};

DEFINE_CLEANUP(struct table_cache *, table_cache_free)

int table_cache_new(const struct table_cache_options *options, struct table_cache **ret_cache)
{
	const struct cache_shelf_options shelf = {
		.folder = options->folder,
		.ending = TABLE_CACHE_ENDING,
		.name = "table cache",
		.loss = "what is not kept is compiled anew at the next start",
		.max_bytes = options->max_bytes,
		.magic = TABLE_FILE_MAGIC,
		.version = TABLE_FILE_VERSION,
		.maker = options->maker,
	};
	_cleanup_(table_cache_freep) struct table_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	r = cache_shelf_new(&shelf, &cache->shelf);
	if (r < 0)
		return r;
	*ret_cache = steal(cache);
	return 0;
}

struct table_cache *table_cache_free(struct table_cache *cache)
{
	if (!cache)
		return NULL;
	cache_shelf_free(cache->shelf);
	free(cache);
	return NULL;
}

int table_cache_key_of(struct table_cache *cache, int fd, struct binary_key *ret_key)
{
	return cache_shelf_key_of(cache->shelf, fd, ret_key);
}

static uint32_t sum_of(const struct cache_stamp *stamp, const void *table)
{
	struct cache_stamp summed = *stamp;
	uLong crc = crc32(0, NULL, 0);

	summed.sum = 0;
	crc = crc32_z(crc, (const Bytef *)&summed, sizeof(summed));
	return (uint32_t)crc32_z(crc, table, stamp->content_bytes);
}

/* -ESTALE: made by another version, or for its like; -EBADMSG: not as it was written. */
static int read_stamp(const struct table_cache *cache, int fd, const struct binary_key *key,
		      struct cache_stamp *ret_stamp)
{
	struct stat status;
	int r = file_read_at(fd, ret_stamp, sizeof(*ret_stamp), 0);

	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (fstat(fd, &status) < 0)
		return -errno;
	r = cache_shelf_check(cache->shelf, key, ret_stamp);
	if (r < 0)
		return r;
	if (ret_stamp->content_bytes > TABLE_FILE_MAX_BYTES ||
	    (uint64_t)status.st_size != sizeof(*ret_stamp) + ret_stamp->content_bytes)
		return -EBADMSG;
	return 0;
}

static int read_table(const struct table_cache *cache, int fd, const struct binary_key *key,
		      void **ret_table, size_t *ret_size)
{
	_cleanup_(freep) void *table = NULL;
	struct cache_stamp stamp;
	int r;

	r = read_stamp(cache, fd, key, &stamp);
	if (r < 0)
		return r;
	table = malloc(stamp.content_bytes + 1);
	if (!table)
		return -ENOMEM;
	r = file_read_at(fd, table, stamp.content_bytes, sizeof(stamp));
	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (sum_of(&stamp, table) != stamp.sum)
		return -EBADMSG;
	r = unwind_table_check(table, stamp.content_bytes);
	if (r < 0)
		return r;
	*ret_table = steal(table);
	*ret_size = stamp.content_bytes;
	return 0;
}

bool table_cache_find(struct table_cache *cache, const struct binary_key *key, void **ret_table,
		      size_t *ret_size)
{
	_cleanup_(closep) int fd = cache_shelf_get(cache->shelf, key);
	int r = fd < 0 ? fd : read_table(cache, fd, key, ret_table, ret_size);

	cache_shelf_count_get(cache->shelf, key, r);
	return r == 0;
}

void table_cache_put(struct table_cache *cache, const struct binary_key *key, const void *table,
		     size_t size)
{
	struct cache_stamp stamp = cache_shelf_stamp(cache->shelf, key, size);
	const struct iovec parts[] = { { &stamp, sizeof(stamp) },
				       { (void *)(uintptr_t)table, size } };

	if (!cache_shelf_is_open(cache->shelf))
		return;
	stamp.sum = sum_of(&stamp, table);
	cache_shelf_put(cache->shelf, key, parts, 2);
}

void table_cache_get_status(const struct table_cache *cache, struct cache_status *ret_status)
{
	cache_shelf_get_status(cache->shelf, ret_status);
}
