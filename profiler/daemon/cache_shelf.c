/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/cache_shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/log.h"

#define ENDING_BYTES 24

struct cache_shelf {
	struct cache_shelf_options options;
	struct cache_folder *folder; /* NULL: nothing is kept */
	char *path;
	struct build_id maker;
	char ending[ENDING_BYTES]; /* of the items of that maker */
	struct cache_status status;
};

DEFINE_CLEANUP(struct cache_shelf *, cache_shelf_free)

/* The same failure comes again and again, as with a disk that is full: it is said once. */
static void count_error(struct cache_shelf *shelf, enum cache_error reason, const char *what,
			const char *why)
{
	if (shelf->status.errors[reason]++ == 0)
		log_line("%s the %s %s: %s; %s", what, shelf->options.name, shelf->path, why,
			 shelf->options.loss);
}

static enum cache_error reason_of(int error)
{
	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		return CACHE_ERROR_FULL;
	case -EROFS:
	case -EACCES:
	case -EPERM:
		return CACHE_ERROR_READ_ONLY;
	case -EFBIG:
		return CACHE_ERROR_TOO_LARGE;
	default:
		return CACHE_ERROR_IO;
	}
}

static int read_own_build_id(struct build_id *ret_id)
{
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : build_id_read(fd, ret_id);
}

/* Items of other versions lie beside ours. */
static void set_ending(struct cache_shelf *shelf)
{
	const struct cache_shelf_options *options = &shelf->options;
	uLong sum = crc32_z(crc32(0, NULL, 0), (const Bytef *)&shelf->maker, sizeof(shelf->maker));

	sum = crc32_z(sum, (const Bytef *)&options->version, sizeof(options->version));
	snprintf(shelf->ending, sizeof(shelf->ending), ".%08lx%s", sum, options->ending);
}

static int open_folder(struct cache_shelf *shelf)
{
	const struct cache_shelf_options *options = &shelf->options;
	int r = 0;

	shelf->maker = options->maker;
	if (!shelf->maker.n_bytes)
		r = read_own_build_id(&shelf->maker);
	if (r < 0) {
		count_error(shelf, CACHE_ERROR_FOLDER, "cannot use",
			    "this program has no build id");
		return 0;
	}
	set_ending(shelf);
	r = cache_folder_open(shelf->path, options->ending, options->max_bytes, &shelf->folder);
	if (r < 0 && r != -ENOMEM) {
		count_error(shelf, CACHE_ERROR_FOLDER, "cannot use", cache_folder_strerror(r));
		return 0;
	}
	return r;
}

int cache_shelf_new(const struct cache_shelf_options *options, struct cache_shelf **ret_shelf)
{
	_cleanup_(cache_shelf_freep) struct cache_shelf *shelf = calloc(1, sizeof(*shelf));
	int r;

	if (!shelf)
		return -ENOMEM;
	shelf->options = *options;
	if (options->folder) {
		shelf->path = strdup(options->folder);
		r = shelf->path ? open_folder(shelf) : -ENOMEM;
		if (r < 0)
			return r;
	}
	*ret_shelf = steal(shelf);
	return 0;
}

struct cache_shelf *cache_shelf_free(struct cache_shelf *shelf)
{
	if (!shelf)
		return NULL;
	cache_folder_free(shelf->folder);
	free(shelf->path);
	free(shelf);
	return NULL;
}

bool cache_shelf_is_open(const struct cache_shelf *shelf)
{
	return shelf->folder;
}

int cache_shelf_key_of(struct cache_shelf *shelf, int fd, struct binary_key *ret_key)
{
	int r;

	if (!shelf->folder)
		return -ENODATA;
	r = binary_key_read(fd, ret_key);
	shelf->status.unkeyed += r < 0;
	return r;
}

int cache_shelf_get(struct cache_shelf *shelf, const struct binary_key *key)
{
	char name[BINARY_KEY_NAME_BYTES];

	if (!shelf->folder)
		return -ENOENT;
	binary_key_print(key, shelf->ending, name);
	return cache_folder_get(shelf->folder, name);
}

int cache_shelf_check(const struct cache_shelf *shelf, const struct binary_key *key,
		      const struct cache_stamp *stamp)
{
	if (stamp->magic != shelf->options.magic)
		return -EBADMSG;
	if (stamp->version != shelf->options.version ||
	    memcmp(&stamp->maker, &shelf->maker, sizeof(shelf->maker)) != 0)
		return -ESTALE;
	return memcmp(&stamp->key, key, sizeof(*key)) == 0 ? 0 : -EBADMSG;
}

static void remove_item(struct cache_shelf *shelf, const struct binary_key *key)
{
	char name[BINARY_KEY_NAME_BYTES];

	binary_key_print(key, shelf->ending, name);
	cache_folder_remove(shelf->folder, name);
}

void cache_shelf_count_get(struct cache_shelf *shelf, const struct binary_key *key, int error)
{
	if (!shelf->folder)
		return;
	shelf->status.hits += error == 0;
	shelf->status.misses += error != 0;
	if (error == -EBADMSG)
		cache_shelf_remove_damaged(shelf, key);
	else if (error != 0 && error != -ENOENT && error != -ESTALE)
		count_error(shelf, reason_of(error), "cannot read", strerror(-error));
}

void cache_shelf_remove_damaged(struct cache_shelf *shelf, const struct binary_key *key)
{
	shelf->status.damaged++;
	remove_item(shelf, key);
}

struct cache_stamp cache_shelf_stamp(const struct cache_shelf *shelf, const struct binary_key *key,
				     uint64_t content_bytes)
{
	return (struct cache_stamp){
		.magic = shelf->options.magic,
		.version = shelf->options.version,
		.maker = shelf->maker,
		.key = *key,
		.content_bytes = content_bytes,
	};
}

static void count_put(struct cache_shelf *shelf, int error)
{
	if (error < 0)
		count_error(shelf, reason_of(error), "cannot write to", strerror(-error));
	else
		shelf->status.written++;
}

void cache_shelf_put(struct cache_shelf *shelf, const struct binary_key *key,
		     const struct iovec *parts, int n_parts)
{
	char name[BINARY_KEY_NAME_BYTES];

	if (!shelf->folder)
		return;
	binary_key_print(key, shelf->ending, name);
	count_put(shelf, cache_folder_put(shelf->folder, name, parts, n_parts));
}

int cache_shelf_begin(struct cache_shelf *shelf, const struct binary_key *key, uint64_t size,
		      struct cache_draft *ret_draft)
{
	char name[BINARY_KEY_NAME_BYTES];
	int r;

	if (!shelf->folder)
		return -ENOENT;
	binary_key_print(key, shelf->ending, name);
	r = cache_folder_begin(shelf->folder, name, size, ret_draft);
	if (r < 0)
		count_put(shelf, r);
	return r;
}

int cache_shelf_end(struct cache_shelf *shelf, struct cache_draft *draft, int error)
{
	if (error == 0)
		error = cache_folder_commit(shelf->folder, draft);
	else
		cache_folder_discard(shelf->folder, draft);
	count_put(shelf, error);
	return error;
}

void cache_shelf_discard(struct cache_shelf *shelf, struct cache_draft *draft)
{
	cache_folder_discard(shelf->folder, draft);
}

void cache_shelf_get_status(const struct cache_shelf *shelf, struct cache_status *ret_status)
{
	*ret_status = shelf->status;
	if (shelf->folder) {
		const struct cache_folder_usage *usage = cache_folder_usage(shelf->folder);

		ret_status->bytes = usage->bytes;
		ret_status->n_files = usage->n_files;
		ret_status->evicted = usage->n_evicted;
	}
}
