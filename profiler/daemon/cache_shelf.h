/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cache shelf: what is kept on disk of one kind, such as compiled unwind tables, each item found
 * again by the binary that it was made of.
 *
 *     binary ──cache_shelf_key_of──► key ──cache_shelf_get──► the open file of an item
 *
 * Each item carries a stamp. It says of which binary the item is, and which program made it, so
 * that another version, which might do better, takes nothing from this one. Its name says so, too,
 * so that several versions may use one folder: what none uses any more leaves at last. What lies on
 * disk is foreign: whoever takes an item checks its stamp and its content, and says what came of
 * it.
 *
 * Whatever fails is counted, said once, and goes on without: then things are made anew.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "profiler/binary_key.h"
#include "profiler/daemon/cache_folder.h"
#include "profiler/status.h"

struct cache_shelf;

/* All texts are borrowed, and live as long as the shelf; the folder's is copied. */
struct cache_shelf_options {
	const char *folder; /* NULL: nothing is kept */
	const char *ending; /* of the items' names: ".table" */
	const char *name;   /* for the log: "table cache" */
	const char *loss;   /* for the log: "what is not kept is compiled anew …" */
	uint64_t max_bytes; /* of all items; none may have more than a quarter of it */
	uint64_t magic;     /* of the stamps, as is the next */
	uint32_t version;
	struct build_id maker; /* of whom the items are; none: of the program that runs */
};

/* Flat: on disk as it is. */
struct cache_stamp {
	uint64_t magic;
	uint32_t version;
	uint32_t sum; /* CRC-32, of what its owner says, with this as 0 */
	struct build_id maker;
	uint32_t unused;
	struct binary_key key;
	uint64_t content_bytes;
};

/*
 * A folder that cannot be used is logged and counted; then nothing is kept.
 *
 * Returns 0 and sets *@ret_shelf (owned by the caller), or -ENOMEM.
 */
int cache_shelf_new(const struct cache_shelf_options *options, struct cache_shelf **ret_shelf);

/* What is on disk stays there. Accepts NULL. Always returns NULL. */
struct cache_shelf *cache_shelf_free(struct cache_shelf *shelf);

/* Whether there is a folder at all. */
bool cache_shelf_is_open(const struct cache_shelf *shelf);

/* The key of the binary @fd. Returns 0, or -ENODATA if it can have none, which is counted, or if
 * nothing is kept anyway. */
int cache_shelf_key_of(struct cache_shelf *shelf, int fd, struct binary_key *ret_key);

/* The item of @key, for reading; close it. Returns a descriptor, or -errno: -ENOENT if it is not
 * there. */
int cache_shelf_get(struct cache_shelf *shelf, const struct binary_key *key);

/*
 * Whether @stamp may be that of the item of @key.
 *
 * Returns 0, -ESTALE if the item was made by another version, or for its like, or -EBADMSG if this
 * is no such stamp.
 */
int cache_shelf_check(const struct cache_shelf *shelf, const struct binary_key *key,
		      const struct cache_stamp *stamp);

/* The item of @key was taken: @error is 0, or why not. It is removed if that is -EBADMSG. */
void cache_shelf_count_get(struct cache_shelf *shelf, const struct binary_key *key, int error);

/* The item of @key, which was taken, has turned out to be damaged: it is removed. */
void cache_shelf_remove_damaged(struct cache_shelf *shelf, const struct binary_key *key);

/* The stamp of an item of @key, with a sum of 0. */
struct cache_stamp cache_shelf_stamp(const struct cache_shelf *shelf, const struct binary_key *key,
				     uint64_t content_bytes);

/* Put an item of these parts there. */
void cache_shelf_put(struct cache_shelf *shelf, const struct binary_key *key,
		     const struct iovec *parts, int n_parts);

/* As above, to be written in steps, as cache_folder_begin(). What fails is counted. */
int cache_shelf_begin(struct cache_shelf *shelf, const struct binary_key *key, uint64_t size,
		      struct cache_draft *ret_draft);

/* The draft is as far as it will be: @error is 0, or why it could not be written. Returns that, or
 * why it could not be put there. */
int cache_shelf_end(struct cache_shelf *shelf, struct cache_draft *draft, int error);

/* Nobody wants it any more. */
void cache_shelf_discard(struct cache_shelf *shelf, struct cache_draft *draft);

void cache_shelf_get_status(const struct cache_shelf *shelf, struct cache_status *ret_status);
