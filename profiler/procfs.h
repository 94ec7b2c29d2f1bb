/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * procfs: what /proc says of a process.
 *
 *     proc_fd  --procfs_open_process-->  process_fd  --procfs_read_…-->  comm, exe, cgroup, maps …
 *
 * A process_fd is the folder /proc/PID. It stays with its process: once that ended, every read says
 * -ESRCH, even when the number has been given to another. Compare its start time with the one that
 * a sample came with before you believe what was read.
 *
 * Texts are parsed by functions of their own, which take any bytes whatsoever.
 *
 * Every procfs_read_… returns 0, -ESRCH (the process ended), -EACCES or -EPERM (not ours to see),
 * -ENOMEM, or what its own comment adds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/mapping.h"

/* Room for a comm and a NUL. The kernel's own workers have longer ones than a program can set. */
#define PROCFS_COMM_BYTES 64

/* Of a proc_pid_stat(5). */
struct procfs_stat {
	char comm[PROCFS_COMM_BYTES];
	uint32_t parent_pid; /* 0: none */
	bool is_kernel;      /* a thread of the kernel's: it has no program */
	uint64_t start_ticks;
};

/* A process as others see it. */
struct procfs_identity {
	uint32_t uid; /* by which it may do what it does: the effective one */
	uint32_t pid; /* as it knows itself: in the innermost of its pid namespaces */
};

/* Returns 0 and sets *@ret_proc_fd, or what open(2) says. Closed by the caller. */
int procfs_open(int *ret_proc_fd);

/* Returns 0 and sets *@ret_process_fd, -ESRCH: there is no such process, or what open(2) says.
 * Closed by the caller. */
int procfs_open_process(int proc_fd, pid_t pid, int *ret_process_fd);

/* As above, if it is the process that started at @start_time_ns since boot; else -ESRCH. */
int procfs_open_same_process(int proc_fd, pid_t pid, uint64_t start_time_ns, int *ret_process_fd);

/* When it started, in clock ticks since boot. -EBADMSG: it does not say. */
int procfs_read_start_time(int process_fd, uint64_t *ret_start_ticks);

/* That, and more. -EBADMSG likewise. */
int procfs_read_stat(int process_fd, struct procfs_stat *ret_stat);

/* Whether @start_ticks is the tick in which @start_time_ns since boot, BPF's word for it, lies. */
bool procfs_start_time_is(uint64_t start_ticks, uint64_t start_time_ns);

/* The name of its first thread; an empty one is possible. */
int procfs_read_comm(int process_fd, char ret_comm[PROCFS_COMM_BYTES]);

/*
 * The path of its program as its own mount namespace sees it (owned by the caller), without the
 * " (deleted)" that *@ret_deleted tells. -ENOENT: it has none, as a kernel thread.
 */
int procfs_read_exe(int process_fd, char **ret_path, bool *ret_deleted);

/* Its cgroup, as procfs_parse_cgroup finds it (owned by the caller). -EBADMSG: there is none. */
int procfs_read_cgroup(int process_fd, char **ret_path);

/*
 * Its mappings (owned by the caller), empty for a kernel thread. A text of more than 16 MB is cut
 * there.
 */
int procfs_read_maps(int process_fd, enum mapping_selection selection,
		     struct mapping_table **ret_table);

/* Who it is: see procfs_parse_identity(). -EBADMSG: it does not say. */
int procfs_read_identity(int process_fd, struct procfs_identity *ret_identity);

/* Returns 0 or -EBADMSG. */
int procfs_parse_stat(const char *text, size_t size, struct procfs_stat *ret_stat);

/*
 * The one path that says most in a text as cgroups(7) shows it: that of the unified hierarchy, else
 * systemd's, else the cpu controller's; "/" only if all of them are. (A container may be known to
 * version 1 hierarchies only, while the unified one is there and unused.)
 *
 * Returns 0 and sets *@ret_path (owned by the caller), -EBADMSG: none of them is there, or -ENOMEM.
 */
int procfs_parse_cgroup(const char *text, size_t size, char **ret_path);

/* The second number of "Uid:", and the last one of "NSpid:", in a proc_pid_status(5). Returns 0 or
 * -EBADMSG. */
int procfs_parse_identity(const char *text, size_t size, struct procfs_identity *ret_identity);
