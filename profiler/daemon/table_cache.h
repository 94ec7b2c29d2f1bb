/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Table cache: compiled unwind tables on disk, so that a program that was there before is unwound
 * at once after a start, without being compiled again.
 *
 *     file ──table_cache_key_of──► key ──table_cache_find──► flat table (unwind/unwind_table.h)
 *
 * A shelf (profiler/daemon/cache_shelf.h) whose items are a stamp and the table. A table is given
 * out only if its sum, its key and unwind_table_check() agree.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/binary_key.h"
#include "profiler/status.h"
#include "unwind/build_id.h"

/* Some thousand programs and libraries. It holds what can be made again: there is no option. */
#define TABLE_CACHE_MAX_BYTES (256ULL << 20)

#define TABLE_CACHE_ENDING ".table"

struct table_cache;

struct table_cache_options {
	const char *folder; /* NULL: nothing is kept; borrowed for the call */
	uint64_t max_bytes;
	struct build_id maker; /* of whom the tables are; none: of the program that runs */
};

/*
 * A folder that cannot be used is logged and counted; then nothing is kept.
 *
 * Returns 0 and sets *@ret_cache (owned by the caller), or -ENOMEM.
 */
int table_cache_new(const struct table_cache_options *options, struct table_cache **ret_cache);

/* What is on disk stays there. Accepts NULL. Always returns NULL. */
struct table_cache *table_cache_free(struct table_cache *cache);

/*
 * By what the table of the file @fd is known.
 *
 * Returns 0, or -ENODATA if it can have none: it is no ELF file, or has no name there.
 */
int table_cache_key_of(struct table_cache *cache, int fd, struct binary_key *ret_key);

/* Returns whether the table of @key is there; then sets *@ret_table (owned by the caller: free()),
 * of *@ret_size bytes, which passed unwind_table_check(). */
bool table_cache_find(struct table_cache *cache, const struct binary_key *key, void **ret_table,
		      size_t *ret_size);

/* Keep a table, of @size bytes that passed unwind_table_check(). */
void table_cache_put(struct table_cache *cache, const struct binary_key *key, const void *table,
		     size_t size);

void table_cache_get_status(const struct table_cache *cache, struct cache_status *ret_status);
