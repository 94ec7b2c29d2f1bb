/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary opener: what is mapped, as entries of the binary table, with their files open as long as
 * these may have to be read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct binary;
struct binary_names;
struct binary_table;
struct file_record;
struct mapping;

#define BINARY_ALWAYS_USED UINT32_MAX /* last_used of what is never forgotten */

struct binary_opener {
	struct binary_table *binaries; /* owned */
	struct binary_names *names;    /* borrowed: hears of each that is new */
	size_t max_binaries;
	struct binary *vdso; /* NULL: there is none */
	uint32_t dictionary; /* which is in force */
	uint64_t n_unreadable, n_over_bound;
};

/* A mapping of the process @pid, with the folder @process_fd, and who the file in it is. */
struct mapped_file {
	int process_fd;
	uint32_t pid;
	const struct mapping *mapping;
	struct stat status;
};

/* Returns 0 or -ENOMEM. */
int binary_opener_init(struct binary_opener *opener, struct binary_names *names);

/* Closes all. Works on a zeroed struct. */
void binary_opener_fini(struct binary_opener *opener);

/* Add @fd, which is taken, as a binary that is called @path and is never forgotten. Returns 0 and
 * sets *@ret_binary, or -errno. */
int binary_opener_keep(struct binary_opener *opener, const char *path, int fd,
		       struct binary **ret_binary);

/* The vDSO comes first. There is none on an old machine, or where a tool hides it: that is no
 * error. Returns 0 or -errno. */
int binary_opener_add_vdso(struct binary_opener *opener);

/*
 * The binary that is @file. Its own file is open then if it is new, or if the caller @needs_file.
 *
 * Returns 0 and sets *@ret_binary (borrowed: lives as long as it is used), or -errno: -ENOSPC if
 * there are too many. If only its file cannot be opened, *@ret_binary is set nevertheless.
 */
int binary_opener_get(struct binary_opener *opener, const struct mapped_file *file, bool needs_file,
		      struct binary **ret_binary);

/* The binary that @record tells of, with its file open. As above, or -ESTALE: another is mapped
 * there by now. */
int binary_opener_get_told(struct binary_opener *opener, const struct file_record *record,
			   int process_fd, struct binary **ret_binary);

/* Most files lie where they lay: no process is needed to open those again. */
void binary_opener_reopen(struct binary_opener *opener, struct binary *binary);
