/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Query: which samples, merged into one profile with names.
 *
 * Numbering of addresses: that of file F at file offset O is F · 2^32 + O, so an address alone says
 * which file it is in, for as long as the store knows the file (pprof asks so, by
 * /debug/pprof/symbol). Each executable segment is a mapping; a file of which no segments are known
 * is one mapping of 2^32 bytes. Kernel addresses are as the kernel has them. The mapping [unmapped]
 * holds pcs as they are in their processes, and so do those of code made at run time: perf maps,
 * jitdumps, or [anonymous] where there is none.
 *
 * Each mapping has truthful flags: locations without a name are in a second mapping of the same
 * range whose flags are false.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/past.h"

struct buffer;
struct dictionary;
struct profile;
struct query_budget;
struct selector;
struct snapshot;
struct store;

struct query {
	int64_t start_unix_ns;           /* inclusive */
	int64_t end_unix_ns;             /* exclusive */
	const struct selector *selector; /* or NULL: everything; borrowed for the call */
	struct query_budget *budget;     /* or NULL: no limits; likewise */
	bool is_unlabeled;               /* samples of one stack are one, whatever their labels */
	bool wants_times;      /* by query_points.h, of the past the exact times that are kept */
	bool is_by_second;     /* a sample's time is the middle of its second, as history has it */
	struct time_grid grid; /* of query_points.h: within a step other times are as good as one */
};

/* Hold the samples of the range: snapshot_init_as(). For those who read them by themselves. */
int query_snapshot(struct store *store, const struct query *query, enum past_detail detail,
		   struct snapshot *ret_snapshot);

/*
 * Merge the selected samples. Names are looked up now, with what is known now; a location without
 * one is `file+0x…`, with the file's base name and the elf_vaddr (the file offset, if no segments
 * are known), or `[unmapped]+0x…`, `[anonymous]+0x…`, `[kernel.kallsyms]+0x…`, with the address.
 * Samples have all labels of their thread and process, unless they are not wanted. All strings are
 * valid UTF-8.
 *
 * May run in any thread and does not hold the store up: only collecting the samples does, for
 * microseconds.
 *
 * Returns 0 and sets *@ret_profile (owned by the caller; it may have no samples), -EDQUOT if the
 * budget is used up, or -ENOMEM.
 */
int query_run(struct store *store, const struct query *query, struct profile **ret_profile);

/* As above, with the samples one by one, too: profile->moments. */
int query_run_timed(struct store *store, const struct query *query, struct profile **ret_profile);

/* As the first, with the leaf of each stack only: much faster, as most names are not looked for. */
int query_run_leaves(struct store *store, const struct query *query, struct profile **ret_profile);

/* Selected samples of one thread and stack. All is borrowed for the call. */
struct query_group {
	const struct snapshot *snapshot;
	const struct dictionary *dictionary;
	uint32_t stack; /* index of the dictionary */
	uint64_t count;
};

struct query_callback {
	int (*on_group)(void *context, const struct query_group *group);
	void *context;
};

/*
 * Call @callback for the selected samples, without names or labels, which is much faster. It
 * returns 0, or -errno, which ends it.
 *
 * Returns what it did, -EDQUOT if the budget is used up, or -ENOMEM.
 */
int query_each_group(struct store *store, const struct query *query,
		     const struct query_callback *callback);

/*
 * Append to @ret_name the function at @address, in a profile's numbering, demangled; the innermost,
 * if some are inlined; nothing, if nobody knows it. Returns 0 or -ENOMEM.
 */
int query_symbol(struct store *store, uint64_t address, struct buffer *ret_name);
