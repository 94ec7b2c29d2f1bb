/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT opener: the files in which a runtime names its code, opened for the resolver.
 *
 * Where they lie, strangers decide. So no link leads out of the root of the process that wrote
 * them, nothing is opened but a regular file, and that has to be the process's own, or root's.
 */

#include <stdint.h>

#include "profiler/jit_table.h"

struct mapping;
struct procfs_identity;

/* The root of the mount namespace of the process with the folder @process_fd; close it. Returns it
 * or -errno. */
int jit_opener_open_root(int process_fd);

/*
 * /tmp/perf-PID.map below @root_fd, for reading; close it. Returns it, or
 * -ENOENT  there is none,
 * -ELOOP   it is a link, or lies behind one that leads nowhere,
 * -ENODEV  it is no regular file, or has several names,
 * -EACCES  it is another user's,
 * or -errno.
 */
int jit_opener_open_perf_map(int root_fd, const struct procfs_identity *process);

/* The jitdump that @mapping of the process with the folder @process_fd has mapped. As above. */
int jit_opener_open_dump(int process_fd, const struct mapping *mapping,
			 const struct procfs_identity *process);

/* What @fd is like now. Returns 0 or -errno. */
int jit_opener_stamp(int fd, struct jit_stamp *ret_stamp);
