/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process table: the processes and threads that samples hit, each with a number.
 *
 * A process is who it is between two execs: pid, start time and count of execs together, so that
 * neither a number that comes back nor an exec ever mixes two programs. What /proc says is read
 * when it is first hit, since it may be gone a moment later.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/mapping.h"
#include "profiler/procfs.h"

struct process_table;
struct thread;

/* Who started it, or has taken it in. */
struct process_parent {
	uint32_t pid; /* 0: not known */
	bool is_kernel;
	char comm[PROCFS_COMM_BYTES];
	char *exe;    /* as below */
	char *cgroup; /* likewise */
};

struct process {
	struct process_key key;
	uint32_t number;     /* from 1 */
	uint32_t dictionary; /* in which it was described last, 0 if in none */
	uint32_t last_used;  /* dictionary in force when it was last hit */
	bool is_gone;        /* it ended, or is another program now: nothing more can be read */
	char comm[WIRE_COMM_BYTES];     /* as its last sample said */
	bool is_kernel;                 /* a thread of the kernel's */
	char *exe;                      /* NULL if it has none, or could not be read */
	char *cgroup;                   /* likewise */
	struct process_parent parent;   /* as it was when the process was first hit */
	struct mapping_table *mappings; /* NULL until read */
	uint32_t *
		mapping_binaries; /* by index of mapping: number of a binary, or 0: not asked yet */
	int64_t mappings_read_ns; /* when they had been */
	uint32_t jit;             /* number in the JIT table, 0: it was never seen in such code */
	uint32_t n_mappings_read; /* how often */
	uint32_t n_provisional;   /* its stacks that were described anew */
	uint64_t containers_told; /* change of the container table as of which it was described */
	uint32_t n_pending;       /* its samples that wait for an unwind table: it stays as long */
	struct thread *threads;
};

struct thread {
	uint32_t number; /* from 1 */
	uint32_t dictionary;
	uint32_t last_used;
	uint32_t tid;
	char name[WIRE_COMM_BYTES];
};

struct process_table_limits {
	size_t max_processes;
	size_t max_threads; /* of all processes together */
};

/* Returns 0 and sets *@ret_table (owned by the caller), or -ENOMEM. */
int process_table_new(const struct process_table_limits *limits, struct process_table **ret_table);

/* Accepts NULL. Always returns NULL. */
struct process_table *process_table_free(struct process_table *table);

/* Borrowed: lives until process_table_forget_unused() takes it. NULL: not there. */
struct process *process_table_find(const struct process_table *table,
				   const struct process_key *key);

/* Add one that is not there. Returns 0 and sets *@ret_process, -ENOSPC or -ENOMEM. */
int process_table_add(struct process_table *table, const struct process_key *key,
		      struct process **ret_process);

/* The thread of that tid and name, which is added if it is not there. 0, -ENOSPC or -ENOMEM. */
int process_table_get_thread(struct process_table *table, struct process *process, uint32_t tid,
			     const char name[WIRE_COMM_BYTES], struct thread **ret_thread);

/* It takes @mappings, or NULL, in place of those that it had. Returns 0 or -ENOMEM. */
int process_set_mappings(struct process *process, struct mapping_table *mappings);

/* Forget the processes, and the threads of others, whose last_used is before @dictionary; but for
 * processes with samples that wait. */
void process_table_forget_unused(struct process_table *table, uint32_t dictionary);

void process_table_each(const struct process_table *table,
			void (*on_process)(void *context, struct process *process), void *context);

size_t process_table_count(const struct process_table *table);
size_t process_table_thread_count(const struct process_table *table);
