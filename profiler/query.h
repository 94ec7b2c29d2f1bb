/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Query: which samples, merged into one profile with names.
 *
 * Numbering of addresses: each file gets a range of its own, for as long as the store knows it, so
 * that an address alone says which file it is in (pprof asks so, by /debug/pprof/symbol). Within
 * that range, start_addr of an executable segment keeps its distance from elf_vaddr; kernel
 * addresses are as the kernel has them. A file without segments (no ELF) is numbered by offset.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;
struct profile;
struct selector;
struct store;

struct query {
	int64_t start_unix_ns;           /* inclusive */
	int64_t end_unix_ns;             /* exclusive */
	const struct selector *selector; /* or NULL: everything; borrowed for the call */
};

/*
 * Merge the selected samples. Names are looked up now, with what is known now; a location whose
 * file is not known by name is `file+0x…` with the file's base name, `[unmapped]+0x…`,
 * `[anonymous]+0x…`, or `[kernel.kallsyms]+0x…`. May run in any thread and does not hold the store
 * up: only collecting the samples does, for milliseconds.
 *
 * Returns 0 and sets *@ret_profile (owned by the caller; it may have no samples), or -ENOMEM.
 */
int query_run(struct store *store, const struct query *query, struct profile **ret_profile);

/* Distinct values of a label in the range, sorted, one JSON string each: appends a JSON array. */
int query_label_values(struct store *store, const struct query *query, const char *label_name,
		       struct buffer *ret_json);

/* The function at @address, in a profile's numbering, demangled and appended to @ret_name; nothing
 * is appended if nobody knows it. Returns 0 or -ENOMEM. */
int query_symbol(struct store *store, uint64_t address, struct buffer *ret_name);
