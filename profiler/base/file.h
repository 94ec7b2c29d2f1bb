/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File: small files as a whole.
 */

#include <stddef.h>

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

/* Write all of @size bytes. Returns 0 or what write(2) says. */
int file_write_fd(int fd, const void *bytes, size_t size);
