/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File: small files as a whole.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;

/*
 * Append what @path, relative to @dir_fd (or AT_FDCWD), holds to @text, and a NUL which is not
 * counted in its size. Good for /proc, whose files have no size.
 *
 * Returns 0, -EFBIG if there is more than @limit_bytes, -ENOMEM, or what open(2) and read(2) say.
 */
int file_read(int dir_fd, const char *path, size_t limit_bytes, struct buffer *text);

/* As above, for an open file, from where it stands. */
int file_read_fd(int fd, size_t limit_bytes, struct buffer *text);

/*
 * Read @size bytes at @file_off, neither more nor fewer; the place where the file stands is left.
 *
 * Returns 0, -ENODATA if the file ends before, or what pread(2) says.
 */
int file_read_at(int fd, void *bytes, size_t size, uint64_t file_off);

/*
 * As above, or as many as there are before the end of the file: *@ret_n, which is left alone on
 * failure.
 */
int file_read_up_to(int fd, void *bytes, size_t size, uint64_t file_off, size_t *ret_n);

/* Write all of @size bytes. Returns 0 or what write(2) says. */
int file_write_fd(int fd, const void *bytes, size_t size);
