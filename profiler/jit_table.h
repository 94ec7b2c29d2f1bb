/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT table: the processes that run code which they have made themselves, each as a file.
 *
 * All such code of a process is one file, in which a frame's place is its pc. The file has names as
 * far as the runtime tells them, in a perf map or a jitdump: these are its sources.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/names_state.h"
#include "profiler/procfs.h"
#include "unwind/jit_report.h"

struct jit_table;

/* Where numbers of such files begin: those of binaries never come so far. */
#define JIT_FIRST_NUMBER 0x40000000U

enum jit_source_kind { JIT_PERF_MAP, JIT_DUMP, JIT_SOURCE_COUNT };

/* What tells whether a file has changed. */
struct jit_stamp {
	uint64_t device;
	uint64_t inode;
	uint64_t size_bytes;
	int64_t change_time_ns;
};

struct jit_source {
	int fd;                /* open as long as its process may write there, or −1 */
	int refused;           /* why it is not opened, -errno, or 0 */
	struct jit_stamp read; /* as it was when it was read last */
};

struct jit {
	uint32_t number;     /* from JIT_FIRST_NUMBER: the `file` of frames and messages */
	uint32_t dictionary; /* in which it was described last, 0 if in none */
	uint32_t last_used;  /* dictionary in force when it was last hit */
	struct process_key process;
	char *path;  /* of the source that names it, as the process sees it; NULL: none */
	int root_fd; /* the root of its process's mount namespace, or −1 */
	struct procfs_identity identity;
	struct jit_source sources[JIT_SOURCE_COUNT];
	int symbols_fd;         /* symbol file, or −1 */
	uint64_t symbols_bytes; /* of memory, that it takes */
	enum names_state names;
	bool is_hit;           /* since its sources were looked at last */
	bool is_ended;         /* its process is */
	bool is_ordered;       /* the resolver reads them now */
	bool is_ordered_last;  /* … as they were after its end */
	bool is_left_alone;    /* reading them ends whoever does */
	uint32_t n_hits;       /* samples of its process */
	uint32_t n_lost;       /* resolvers that ended while they did */
	uint32_t n_looks;      /* for its sources */
	uint32_t n_vain;       /* … that found nothing new, in sequence */
	int64_t next_look_ns;  /* by the monotonic clock, as is the next */
	int64_t ordered_ns;    /* when it was ordered last */
	struct jit_report met; /* when they were read last */
};

/* Returns 0 and sets *@ret_table, for at most @max_jits (owned by the caller), or -ENOMEM. */
int jit_table_new(size_t max_jits, struct jit_table **ret_table);

/* Closes what the entries hold. Accepts NULL. Always returns NULL. */
struct jit_table *jit_table_free(struct jit_table *table);

/* Borrowed, as all entries: lives until jit_table_forget_unused() takes it. NULL: not there. */
struct jit *jit_table_find(const struct jit_table *table, uint32_t number);

/* Add that of @process, which has none. Returns 0 and sets *@ret_jit, -ENOSPC or -ENOMEM. */
int jit_table_add(struct jit_table *table, const struct process_key *process, struct jit **ret_jit);

/* Forget those whose last_used is before @dictionary, but for those that the resolver reads.
 * Numbers are not given out again. */
void jit_table_forget_unused(struct jit_table *table, uint32_t dictionary);

/* Forget those whose process has ended, but for those that the resolver reads: no sample will refer
 * to them any more. */
void jit_table_forget_ended(struct jit_table *table);

/* Call @on_jit for each entry, in the order in which they were added. */
void jit_table_each(struct jit_table *table, void (*on_jit)(void *context, struct jit *jit),
		    void *context);

size_t jit_table_count(const struct jit_table *table);
