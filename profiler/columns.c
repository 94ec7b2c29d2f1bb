/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/columns.h"

#include <stdlib.h>
#include <zstd.h>

#include "profiler/base/array.h"
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

void columns_fini(struct columns *columns)
{
	free(columns->bytes);
	*columns = (struct columns){ 0 };
}

int columns_expand(struct columns *columns, const void *bytes, size_t n_bytes, size_t max_bytes,
		   struct varint_reader *ret_reader)
{
	unsigned long long size = ZSTD_getFrameContentSize(bytes, n_bytes);
	int r;

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max_bytes)
		return -EBADMSG;
	r = array_reserve(&columns->bytes, &columns->capacity, size + 1, 1);
	if (r < 0)
		return r;
	if (ZSTD_decompress(columns->bytes, size, bytes, n_bytes) != size)
		return -EBADMSG;
	*ret_reader = (struct varint_reader){
		.next = columns->bytes,
		.end = (const unsigned char *)columns->bytes + size,
	};
	return 0;
}
