/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gzip: bytes, compressed (RFC 1952). Without a time or a name, so that the same bytes give the
 * same file.
 */

#include <stddef.h>

struct buffer;

/* Append @size @bytes, compressed, to @out. Returns 0, or -ENOMEM, or -EFBIG: see buffer.h. */
int gzip_append(struct buffer *out, const void *bytes, size_t size);
