/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build job: reading one file, in a child process that does nothing else and then ends.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/message.h"
#include "profiler/status.h"

enum build_step {
	BUILD_STEP_TABLE,     /* for unwinding */
	BUILD_STEP_FUNCTIONS, /* symbol tables, kallsyms, or what JITs say */
	BUILD_STEP_LINES,     /* DWARF */
	BUILD_STEP_COUNT,
};

#define BUILD_MEMORY_BYTES      (700UL << 20) /* of a child's own memory */
#define BUILD_CPU_SECONDS       120 /* for lines; others wait for what comes before them: */
#define BUILD_EARLY_CPU_SECONDS 30
#define BUILD_WALL_NS           (600 * 1000 * 1000 * 1000LL)

struct build_job {
	struct build_job *next;
	struct message_build what;
	enum build_step step;
	bool has_names; /* the first step found some */
	int fd;         /* the file */
	int second_fd;  /* another, or −1 */
	pid_t pid;      /* of the child, 0 before it runs */
	int64_t start_ns;
};

/*
 * Fork the child. It sends its findings by the descriptor @channel_fd: MESSAGE_TABLE,
 * MESSAGE_DESCRIPTION and MESSAGE_NAMES, as far as they are asked for, MESSAGE_KERNEL_NAMES, or
 * MESSAGE_JIT_READ and MESSAGE_NAMES.
 * Returns 0 or -errno.
 */
int build_job_start(struct build_job *job, int channel_fd);

/* What became of a child whose wait status is @status. */
enum build_outcome build_job_outcome(int status);
