/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

#define NEW_FILE_PREFIX ".new-"
#define BLOCK_BYTES     4096ULL

/* After so long, nobody writes at a new file any more: its writer has died. */
#define NEW_FILE_MAX_NS (60 * NS_PER_SECOND)
/* Others use the folder too: so long, what we know of it is good enough. */
#define SCAN_INTERVAL_NS NS_PER_SECOND

struct cache_folder {
	int fd;
	const char *ending; /* of the files that are ours */
	uint64_t max_bytes;
	int64_t scan_ns; /* when we looked at it last */
	struct cache_folder_usage usage;
};

struct cache_file {
	char name[NAME_MAX + 1];
	uint64_t bytes;
	int64_t used_unix_ns;
};

struct cache_listing {
	struct cache_file *files;
	size_t n_files, capacity;
	uint64_t bytes;
};

DEFINE_CLEANUP(struct cache_folder *, cache_folder_free)

static void listing_fini(struct cache_listing *listing)
{
	free(listing->files);
}

static uint64_t whole_blocks(uint64_t bytes)
{
	return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), ending_length = strlen(ending);

	return length > ending_length && strcmp(name + length - ending_length, ending) == 0;
}

static int add_file(const struct cache_folder *folder, const char *name,
		    struct cache_listing *listing)
{
	struct cache_file *file;
	struct stat status;
	int64_t used_unix_ns;
	int r;

	if (!ends_with(name, folder->ending) ||
	    fstatat(folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
		return 0;
	used_unix_ns = status.st_mtim.tv_sec * NS_PER_SECOND + status.st_mtim.tv_nsec;
	if (starts_with(name, NEW_FILE_PREFIX)) {
		if (clock_unix_ns() - used_unix_ns > NEW_FILE_MAX_NS)
			unlinkat(folder->fd, name, 0);
		return 0;
	}
	r = array_reserve((void **)&listing->files, &listing->capacity, listing->n_files + 1,
			  sizeof(*listing->files));
	if (r < 0)
		return r;
	file = &listing->files[listing->n_files++];
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->bytes = whole_blocks((uint64_t)status.st_size);
	file->used_unix_ns = used_unix_ns;
	listing->bytes += file->bytes;
	return 0;
}

static int list_files(const struct cache_folder *folder, struct cache_listing *listing)
{
	_cleanup_(closep) int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!entries)
		return -errno;
	(void)steal_fd(&fd);
	while (r == 0) {
		errno = 0;
		entry = readdir(entries);
		if (!entry)
			return -errno;
		r = add_file(folder, entry->d_name, listing);
	}
	return r;
}

static int by_use(const void *left, const void *right)
{
	const struct cache_file *a = left, *b = right;

	return (a->used_unix_ns > b->used_unix_ns) - (a->used_unix_ns < b->used_unix_ns);
}

/* Let the oldest go until there is room for another one of @new_bytes, and then some, so that not
 * each one that follows makes us look again. */
static void evict(struct cache_folder *folder, struct cache_listing *listing, uint64_t new_bytes)
{
	uint64_t max_bytes = folder->max_bytes - folder->max_bytes / 8;
	size_t max_files = CACHE_FOLDER_MAX_FILES - CACHE_FOLDER_MAX_FILES / 8;
	const struct cache_file *oldest = listing->files;

	qsort(listing->files, listing->n_files, sizeof(*listing->files), by_use);
	for (; listing->n_files &&
	       (listing->bytes + new_bytes > max_bytes || listing->n_files > max_files);
	     oldest++) {
		listing->bytes -= oldest->bytes;
		listing->n_files--;
		if (unlinkat(folder->fd, oldest->name, 0) == 0)
			folder->usage.n_evicted++;
	}
}

static int scan(struct cache_folder *folder, uint64_t new_bytes)
{
	_cleanup_(listing_fini) struct cache_listing listing = { 0 };
	int r = list_files(folder, &listing);

	if (r < 0)
		return r;
	if (listing.n_files && (listing.bytes + new_bytes > folder->max_bytes ||
				listing.n_files >= CACHE_FOLDER_MAX_FILES))
		evict(folder, &listing, new_bytes);
	folder->usage.bytes = listing.bytes;
	folder->usage.n_files = (uint32_t)listing.n_files;
	folder->scan_ns = clock_monotonic_ns();
	return 0;
}

/* What others write there would be theirs to choose. */
static int open_own(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return -EINVAL;
	return steal_fd(&fd);
}

int cache_folder_open(const char *path, const char *ending, uint64_t max_bytes,
		      struct cache_folder **ret_folder)
{
	_cleanup_(cache_folder_freep) struct cache_folder *folder = calloc(1, sizeof(*folder));
	int r;

	if (!folder)
		return -ENOMEM;
	folder->ending = ending;
	folder->max_bytes = max_bytes;
	folder->fd = open_own(path);
	if (folder->fd == -ENOENT)
		folder->fd = mkdir(path, 0700) < 0 ? -errno : open_own(path);
	if (folder->fd < 0)
		return folder->fd;
	r = scan(folder, 0);
	if (r < 0)
		return r;
	*ret_folder = steal(folder);
	return 0;
}

struct cache_folder *cache_folder_free(struct cache_folder *folder)
{
	if (!folder)
		return NULL;
	closep(&folder->fd);
	free(folder);
	return NULL;
}

const char *cache_folder_strerror(int error)
{
	return error == -EINVAL ? "others than this user may write there" : strerror(-error);
}

int cache_folder_get(struct cache_folder *folder, const char *name)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	(void)futimens(fd, NULL); /* where it cannot be, it leaves too early */
	return fd;
}

static int make_room(struct cache_folder *folder, uint64_t bytes)
{
	if (bytes > folder->max_bytes / 4)
		return -EFBIG;
	if (folder->usage.bytes + bytes <= folder->max_bytes &&
	    folder->usage.n_files < CACHE_FOLDER_MAX_FILES &&
	    clock_monotonic_ns() - folder->scan_ns < SCAN_INTERVAL_NS)
		return 0;
	return scan(folder, bytes);
}

static int name_draft(struct cache_draft *draft, const char *name)
{
	const size_t size = sizeof(draft->name);
	int n = snprintf(draft->name, size, "%s", name);

	if (n >= 0 && (size_t)n < size)
		n = snprintf(draft->new_name, size, NEW_FILE_PREFIX "%d-%s", getpid(), name);
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int cache_folder_begin(struct cache_folder *folder, const char *name, uint64_t size,
		       struct cache_draft *ret_draft)
{
	struct cache_draft draft = { .bytes = whole_blocks(size) };
	int r = name_draft(&draft, name);

	if (r == 0)
		r = make_room(folder, draft.bytes);
	if (r < 0)
		return r;
	draft.fd = openat(folder->fd, draft.new_name,
			  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (draft.fd < 0)
		return -errno;
	*ret_draft = draft;
	return 0;
}

int cache_folder_commit(struct cache_folder *folder, struct cache_draft *draft)
{
	if (renameat(folder->fd, draft->new_name, folder->fd, draft->name) < 0) {
		int r = -errno;

		cache_folder_discard(folder, draft);
		return r;
	}
	close(steal_fd(&draft->fd));
	folder->usage.bytes += draft->bytes;
	folder->usage.n_files++;
	return 0;
}

void cache_folder_discard(struct cache_folder *folder, struct cache_draft *draft)
{
	(void)unlinkat(folder->fd, draft->new_name, 0);
	close(steal_fd(&draft->fd));
}

int cache_folder_put(struct cache_folder *folder, const char *name, const struct iovec *parts,
		     int n_parts)
{
	struct cache_draft draft;
	uint64_t size = 0;
	int r;

	for (int i = 0; i < n_parts; i++)
		size += parts[i].iov_len;
	r = cache_folder_begin(folder, name, size, &draft);
	if (r < 0)
		return r;
	for (int i = 0; i < n_parts && r == 0; i++)
		r = file_write_fd(draft.fd, parts[i].iov_base, parts[i].iov_len);
	if (r == 0)
		return cache_folder_commit(folder, &draft);
	cache_folder_discard(folder, &draft);
	return r;
}

void cache_folder_remove(struct cache_folder *folder, const char *name)
{
	(void)unlinkat(folder->fd, name, 0);
}

const struct cache_folder_usage *cache_folder_usage(const struct cache_folder *folder)
{
	return &folder->usage;
}
