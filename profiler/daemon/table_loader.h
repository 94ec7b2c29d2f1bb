/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Table loader: which binary the kernel half means by a number of its own, and that binary's table
 * into the table store: from the disk, or from the resolver, and then to the disk.
 */

#include <stdbool.h>
#include <stdint.h>

#include "bpf/unwind_shard.h"
#include "bpf/wire.h"

struct table_cache;
struct table_loader;
struct table_store;

#define TABLE_LOADER_REJECT_NS (600 * 1000 * 1000 * 1000LL) /* what cannot be opened */
#define TABLE_LOADER_RETRY_NS  (60 * 1000 * 1000 * 1000LL)  /* what found no room */

/* @store and @cache are borrowed. Returns 0 and sets *@ret_loader (owned by the caller), or
 * -ENOMEM. */
int table_loader_new(struct table_store *store, struct table_cache *cache,
		     struct table_loader **ret_loader);

/* Accepts NULL. Always returns NULL. */
struct table_loader *table_loader_free(struct table_loader *loader);

/*
 * The table of @binary is to come. If the kernel half has not hit it, it is for walkers of stacks
 * that user space finishes, and table_loader_add() hands it on when it is hit. Returns 0 or
 * -ENOMEM.
 */
int table_loader_expect(struct table_loader *loader, uint32_t binary);

/* The kernel half calls the file of @key @code_file; it is the binary of the number @binary, whose
 * table is to come, unless table_loader_kind() tells that it was expected and is there. A number
 * that the file had before is known for some seconds more, for samples that are on their way.
 * Returns 0 or -ENOMEM. */
int table_loader_add(struct table_loader *loader, const struct file_key *key, uint32_t code_file,
		     uint32_t binary);

/* Take the table of @binary, whose open file is @fd, from the cache. Returns whether it was there;
 * if not, it will be when the resolver has made it. */
bool table_loader_load_cached(struct table_loader *loader, uint32_t binary, int fd);

/* The number of the binary that the kernel half calls @code_file, or 0. */
uint32_t table_loader_find(const struct table_loader *loader, uint32_t code_file);

/* What is there of the table of @binary. */
enum unwind_file_kind table_loader_kind(const struct table_loader *loader, uint32_t binary);

/* How often something of what table_loader_kind() says has changed. */
uint64_t table_loader_change_count(const struct table_loader *loader);

/* The rule at @file_off of @binary; 0: there is none. */
uint64_t table_loader_find_rule(const struct table_loader *loader, uint32_t binary,
				uint64_t file_off);

/* It cannot be opened: the kernel half may ask again at the next hit or, if @for_good, after
 * TABLE_LOADER_REJECT_NS, lest what is refused once fills the list of files for ever. */
void table_loader_reject(struct table_loader *loader, const struct file_key *key,
			 uint32_t code_file, bool for_good);

/* The table of @binary is in the sealed memory file @fd, or there is none: −1. */
void table_loader_put(struct table_loader *loader, uint32_t binary, int fd);

/* The resolver has ended its work on @binary: a table that has not come by now does not come. */
void table_loader_finish(struct table_loader *loader, uint32_t binary);

/* The resolver is another one: what is awaited of the last one may be asked for again. */
void table_loader_release(struct table_loader *loader);

/* To be called some times a second: tables that wait for room are tried again, and what was refused
 * for a while may be asked for again. */
void table_loader_run(struct table_loader *loader);

/* Forget @binary, and have the kernel half ask again if it is hit. */
void table_loader_forget(struct table_loader *loader, uint32_t binary);
