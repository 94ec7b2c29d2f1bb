/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gzip: bytes, compressed (RFC 1952), and back. What is written has no time or name, so that the
 * same bytes give the same file.
 */

#include <stddef.h>

struct buffer;

/* Append @size @bytes, compressed, to @out. Returns 0, or -ENOMEM, or -EFBIG: see buffer.h. */
int gzip_append(struct buffer *out, const void *bytes, size_t size);

/*
 * Append what the @size @bytes of a stranger expand to, to @out, which should have a limit.
 *
 * Returns 0, or
 * -EBADMSG  they are no gzip file, or no whole one,
 * -EFBIG    it is more than the limit,
 * -ENOMEM   out of memory.
 */
int gzip_expand(const void *bytes, size_t size, struct buffer *out);
