/* SPDX-License-Identifier: Apache-2.0 */
#include "export/gzip.h"

#include <assert.h>
#include <errno.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* it only reads its input */
#include <zlib.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define CHUNK_BYTES 16384

/* A large profile has to be served at once, and is as small as it would be at zlib's level 4. */
#define LEVEL 1

#define GZIP_WINDOW_BITS (15 + 16) /* 16 asks for gzip's header rather than zlib's */

DEFINE_CLEANUP(struct libdeflate_compressor *, libdeflate_free_compressor)

int gzip_append(struct buffer *out, const void *bytes, size_t size)
{
	_cleanup_(libdeflate_free_compressorp) struct libdeflate_compressor *compressor =
		libdeflate_alloc_compressor(LEVEL);
	_cleanup_(freep) void *packed = NULL;
	size_t bound;

	if (!compressor)
		return -ENOMEM;
	bound = libdeflate_gzip_compress_bound(compressor, size);
	packed = malloc(bound);
	if (!packed)
		return -ENOMEM;
	size = libdeflate_gzip_compress(compressor, bytes, size, packed, bound);
	assert(size);
	buffer_append(out, packed, size);
	return buffer_error(out);
}

static void end_inflate(z_stream *stream)
{
	inflateEnd(stream);
}

/* Append the next file of @stream, as files may follow one another. */
static int expand_one(z_stream *stream, struct buffer *out)
{
	Bytef chunk[CHUNK_BYTES];
	int r;

	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		r = inflate(stream, Z_NO_FLUSH);
		if (r == Z_MEM_ERROR)
			return -ENOMEM;
		if (r != Z_OK && r != Z_STREAM_END)
			return -EBADMSG;
		buffer_append(out, chunk, sizeof(chunk) - stream->avail_out);
	} while (r != Z_STREAM_END && !buffer_error(out));
	return buffer_error(out);
}

int gzip_expand(const void *bytes, size_t size, struct buffer *out)
{
	_cleanup_(end_inflate) z_stream stream = { .next_in = bytes, .avail_in = (uInt)size };
	int r;

	if (!size || size > UINT_MAX)
		return -EBADMSG;
	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	do {
		r = expand_one(&stream, out);
		inflateReset(&stream);
	} while (r == 0 && stream.avail_in);
	return r;
}
