/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build job: reading one file, in a child process that does nothing else and then ends.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/clock.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/build_owners.h"
#include "profiler/message.h"
#include "profiler/status.h"
#include "unwind/debug_file_set.h"

/* What the names of one binary may be made of, beside itself. */
#define BUILD_MAX_DEBUG_FILES 1024

/* How often a job may ask for files: those of the binary, those of its debug file, and once more.
 */
#define BUILD_MAX_ROUNDS 3

/* The outcome of a child that has asked for files: it is to run again when they are there. */
#define BUILD_WANTS_FILES BUILD_OUTCOME_COUNT

#define BUILD_MEMORY_BYTES (700UL << 20) /* of a child's own memory */

/* In all; and without any CPU time, as when it reads from a server that is gone. */
#define BUILD_WALL_NS (600 * NS_PER_SECOND)
#define BUILD_IDLE_NS (60 * NS_PER_SECOND)

struct build_job {
	struct build_job *next;
	struct message_build what;
	struct message_code code; /* of BUILD_STEP_CODE: see build_job_ask() */
	enum build_step step;
	struct build_share share; /* of whose time it takes, while it is in a queue */
	uint32_t n_hits;          /* samples that wait for the names, as far as that is known */
	uint64_t read_bytes;      /* of all of its files, as they count (build_budget_bytes()) */
	uint64_t expected_ns;     /* what that took, as it was thought when it began */
	bool has_names;           /* the first step found some */
	int fd;                   /* the file */
	int second_fd;            /* another, or −1 */
	struct debug_offer *debug_files; /* whose descriptors are the job's */
	size_t n_debug_files, capacity;
	size_t n_files_before; /* its child was started */
	unsigned int n_rounds; /* in which files were asked for */
	bool may_ask;          /* for more of them */
	bool is_answered;      /* what was asked for has come, as far as it is there */
	pid_t pid;             /* of the child, 0 before it runs */
	int64_t queued_ns, start_ns;
	uint64_t cpu_ns;     /* that the child had taken … */
	int64_t advanced_ns; /* … when that was seen to grow last */
};

/*
 * Fork the child. It sends its findings by the descriptor @channel_fd: MESSAGE_TABLE,
 * MESSAGE_DESCRIPTION and MESSAGE_NAMES, as far as they are asked for, MESSAGE_KERNEL_NAMES,
 * MESSAGE_MODULE, MESSAGE_CONTAINERS, or MESSAGE_JIT_READ and MESSAGE_NAMES, or MESSAGE_REPLY.
 * Returns 0 or -errno.
 */
int build_job_start(struct build_job *job, int channel_fd);

/* Whether the child of @job is to be ended: it takes too long, or does not get on. To be asked now
 * and then. */
bool build_job_is_overdue(struct build_job *job, int64_t now_ns);

/* What became of a child of @job whose wait status is @status: an enum build_outcome, or
 * BUILD_WANTS_FILES if it may. */
unsigned int build_job_outcome(const struct build_job *job, int status);

/* Make of @job, which is new, one that answers @code. */
void build_job_ask(struct build_job *job, const struct message_code *code);

/* A file that was asked for is in *@fd, which is taken if there is room for it. Returns 0 or
 * -ENOMEM. */
int build_job_add_debug_file(struct build_job *job, uint32_t kind, int *fd);

/* Closes its files. Accepts NULL. Always returns NULL. */
struct build_job *build_job_free(struct build_job *job);
