/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/columns.h"

#include <stdlib.h>
#include <zstd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define COMPRESSION_LEVEL 3

int columns_compress(const struct buffer *columns, struct buffer *ret_bytes)
{
	size_t bound = ZSTD_compressBound(columns->size);
	_cleanup_(freep) void *bytes = malloc(bound);
	size_t size;

	if (buffer_error(columns) < 0)
		return buffer_error(columns);
	if (!bytes)
		return -ENOMEM;
	size = ZSTD_compress(bytes, bound, columns->data, columns->size, COMPRESSION_LEVEL);
	if (ZSTD_isError(size))
		return -ENOMEM;
	buffer_append(ret_bytes, bytes, size);
	return buffer_error(ret_bytes);
}

int columns_expand(const void *bytes, size_t n_bytes, size_t max_bytes, void **ret_columns,
		   struct varint_reader *ret_reader)
{
	unsigned long long size = ZSTD_getFrameContentSize(bytes, n_bytes);
	_cleanup_(freep) void *columns = NULL;

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max_bytes)
		return -EBADMSG;
	columns = malloc(size + 1);
	if (!columns)
		return -ENOMEM;
	if (ZSTD_decompress(columns, size, bytes, n_bytes) != size)
		return -EBADMSG;
	*ret_reader = (struct varint_reader){ .next = columns,
					      .end = (const unsigned char *)columns + size };
	*ret_columns = steal(columns);
	return 0;
}
