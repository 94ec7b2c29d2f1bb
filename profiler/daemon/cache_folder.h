/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cache folder: files on disk that may go at any moment.
 *
 * A file is there as a whole or not at all: it is written under another name, then renamed. Within
 * a bound; beyond it, the files that were used least recently leave. Several processes may use one
 * folder at once, none knows of the other. What does not have our ending is not ours, and is left
 * alone: so two of different endings may share one path, each with a bound of its own.
 */

#include <limits.h>
#include <stdint.h>
#include <sys/uio.h>

#define CACHE_FOLDER_MAX_FILES 4096 /* what it may take to go through all of them */

struct cache_folder;

struct cache_folder_usage {
	uint64_t bytes; /* on disk, in whole blocks */
	uint64_t n_evicted;
	uint32_t n_files;
};

/* A file that is being written. */
struct cache_draft {
	int fd;
	uint64_t bytes; /* on disk, when it is done */
	char name[NAME_MAX + 1];
	char new_name[NAME_MAX + 1]; /* until it is done */
};

/*
 * Open the folder @path, which is made if it is missing, for at most @max_bytes of files whose
 * names end in @ending (borrowed: lives as long as the result).
 *
 * Returns 0 and sets *@ret_folder (owned by the caller), -EINVAL if others than this user may write
 * there, -ENOMEM, or -errno.
 */
int cache_folder_open(const char *path, const char *ending, uint64_t max_bytes,
		      struct cache_folder **ret_folder);

/* The files stay. Accepts NULL. Always returns NULL. */
struct cache_folder *cache_folder_free(struct cache_folder *folder);

/* Why cache_folder_open() failed, as a clause. Borrowed: static, or as strerror(3). */
const char *cache_folder_strerror(int error);

/* Open a file to read it, which counts as its use. Returns a descriptor to be closed, or -errno. */
int cache_folder_get(struct cache_folder *folder, const char *name);

/*
 * Put a file of these parts there, in place of the one of that name.
 *
 * Returns 0, -EFBIG if it would take more than a quarter of the bound, or -errno: nothing is left.
 */
int cache_folder_put(struct cache_folder *folder, const char *name, const struct iovec *parts,
		     int n_parts);

/*
 * Begin a file of @size bytes, to be written to ret_draft->fd in as many steps as one likes; it is
 * there when it is committed, in place of the one of that name. Errors as above.
 */
int cache_folder_begin(struct cache_folder *folder, const char *name, uint64_t size,
		       struct cache_draft *ret_draft);

/* Either ends the draft. Committing returns 0, or -errno: nothing is left. */
int cache_folder_commit(struct cache_folder *folder, struct cache_draft *draft);
void cache_folder_discard(struct cache_folder *folder, struct cache_draft *draft);

/* Remove a file, if it is there. */
void cache_folder_remove(struct cache_folder *folder, const char *name);

/* As far as this process knows. Borrowed: lives as long as @folder. */
const struct cache_folder_usage *cache_folder_usage(const struct cache_folder *folder);
