/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File opener: a mapping of a process as an open file.
 *
 * By /proc/PID/map_files, which leads to the mapped file itself: deleted, in another mount
 * namespace, or without any name. Where that is not allowed, by its path under /proc/PID/root, if
 * the same file still lies there.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_key;
struct mapping;

/* Who the mapped file is. Returns 0, -ENODEV if it is no regular file, or -errno. */
int file_opener_stat(int process_fd, const struct mapping *mapping, struct stat *ret_status);

/*
 * Whether @status is that of the file which the kernel half calls @key. What it has seen mapped may
 * have made room for another file by the time that we look. File systems may show people other
 * numbers than the kernel has, or another time; so one of the two is enough.
 */
bool file_opener_is_file(const struct stat *status, const struct file_key *key);

/* Where the mapped file lies, as its process sees it (owned by the caller: free()). 0 or -errno. */
int file_opener_path(int process_fd, const struct mapping *mapping, char **ret_path);

/* The file that file_opener_stat() said was @status, for reading; close it. Returns it or -errno;
 * -ESTALE if another lies there by now. */
int file_opener_open(int process_fd, const struct mapping *mapping, const struct stat *status);

/* The regular file at @path, as the process @pid sees it, if it is there, or else as we do, for
 * reading; close it. Returns it or -errno. */
int file_opener_open_path(uint32_t pid, const char *path);

/* A memory file with this process's own vDSO, which is that of all; close it. -errno: there is
 * none. */
int file_opener_open_vdso(void);
