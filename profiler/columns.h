/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Columns: varints (varint.h) one after the other, compressed by zstd: how history has the samples
 * of a window. What is read may have been damaged, or written by a stranger.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/varint.h"

struct buffer;

/* Append @columns, compressed, to @ret_bytes. Returns 0, -ENOMEM, or the error of a buffer. */
int columns_compress(const struct buffer *columns, struct buffer *ret_bytes);

/* Room for columns, which may be used again and again; zeroed, there is none. */
struct columns {
	void *bytes;
	size_t capacity;
};

/* Works on a zeroed struct. */
void columns_fini(struct columns *columns);

/*
 * Expand what was compressed, to at most @max_bytes, into @columns. Returns 0 and sets
 * *@ret_reader, which reads them; -EBADMSG if it is damaged, or larger; or -ENOMEM.
 */
int columns_expand(struct columns *columns, const void *bytes, size_t n_bytes, size_t max_bytes,
		   struct varint_reader *ret_reader);

/* The number that is @before and the next of a column. -EBADMSG if it does not fit into 32 bits. */
static inline int columns_read_after(struct varint_reader *reader, uint32_t before,
				     uint32_t *ret_number)
{
	uint64_t difference;
	int r;

	r = varint_read(reader, &difference);
	if (r < 0)
		return r;
	if (difference > UINT32_MAX - before)
		return -EBADMSG;
	*ret_number = before + (uint32_t)difference;
	return 0;
}

/* The next of a column of counts, none of which is 0. */
static inline int columns_read_count(struct varint_reader *reader, uint64_t *ret_count)
{
	int r = varint_read(reader, ret_count);

	return r == 0 && !*ret_count ? -EBADMSG : r;
}
