/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process usage: what this process takes, for the metrics that every process has.
 *
 * The files are opened once, since a sandboxed server cannot open them later.
 */

#include <stdint.h>

struct process_usage {
	uint64_t cpu_ns;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;
	uint64_t threads;
	int64_t start_unix_ns;
};

struct process_usage_files {
	int stat_fd; /* /proc/self/stat, -1 if it could not be opened */
	int fd_dir;  /* /proc/self/fd, -1 likewise */
};

void process_usage_files_init(struct process_usage_files *files);
void process_usage_files_fini(struct process_usage_files *files);

/* What cannot be told is 0. */
void process_usage_read(const struct process_usage_files *files, struct process_usage *ret_usage);

/* What follows the name in a line of proc_pid_stat(5), @line, into the fields above. */
void process_usage_parse(const char *line, struct process_usage *usage);
