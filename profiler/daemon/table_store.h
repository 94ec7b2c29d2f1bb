/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Table store: the unwind tables that are in the kernel's maps (bpf/unwind_maps.h).
 *
 *     flat table (unwind/unwind_table.h)  --table_store_put-->  chunks in shards, rules, and the
 *                                                               file's entry, which says it is
 * there
 *
 * Within a fixed budget: when it is used up, the tables that were hit least recently leave, unless
 * they were hit just now: else tables that do not fit beside one another would chase each other out
 * for ever. A file whose table has left is asked for again when it is hit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"

struct table_store;

/* A table that was hit within this time stays. */
#define TABLE_STORE_IDLE_NS (10 * 1000 * 1000 * 1000LL)

struct table_store_maps {
	int files_fd; /* borrowed, as are all */
	int shards_fd;
	int rules_fd;
};

struct table_store_status {
	uint64_t n_tables, n_rows;
	uint64_t shard_bytes; /* of kernel memory */
	uint64_t taken_bytes; /* of these, in tables */
	uint64_t n_evicted;   /* tables that had to leave */
	uint64_t n_refused;   /* tables that found no room */
	uint64_t n_damaged;   /* tables that did not pass the check */
	uint32_t n_rules;
};

/* Returns 0 and sets *@ret_store, for at most @budget_bytes of shards (owned by the caller), or
 * -errno. */
int table_store_new(const struct table_store_maps *maps, size_t budget_bytes,
		    struct table_store **ret_store);

/* The maps stay as they are. Accepts NULL. Always returns NULL. */
struct table_store *table_store_free(struct table_store *store);

/*
 * Put a table, of @size foreign bytes, where programs find it by @key as that of @file.
 *
 * Returns 0, or
 * -EAGAIN   others had to leave for it: try again when nobody reads them any more, in
 *           SHARD_GRACE_NS. Until then the file is pending.
 * -EBADMSG  it does not pass unwind_table_check(),
 * -ENOSPC   it does not fit beside those that are in use,
 * or -errno. Then the file is as by table_store_refuse().
 */
int table_store_put(struct table_store *store, const struct file_key *key, uint32_t file,
		    const void *table, size_t size);

/* Have programs find the table of @from by @to, as that of @file, and no more by @from. Returns 0,
 * -ENOENT if there is none, or -errno: then there is none any more. */
int table_store_rename(struct table_store *store, const struct file_key *from,
		       const struct file_key *to, uint32_t file);

/* There is no table for this file, and there will be none: do not ask again. 0 or -errno. */
int table_store_refuse(struct table_store *store, const struct file_key *key, uint32_t file);

/* Forget the file: it is asked for again when it is hit. */
void table_store_forget(struct table_store *store, const struct file_key *key);

/* Whether there is a table for @key, as programs see it. */
bool table_store_has(const struct table_store *store, const struct file_key *key);

/* The rule at @file_off of the file of @key, as programs see it; 0: there is none. */
uint64_t table_store_find_rule(const struct table_store *store, const struct file_key *key,
			       uint64_t file_off);

void table_store_get_status(const struct table_store *store, struct table_store_status *ret_status);
