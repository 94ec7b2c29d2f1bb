/* SPDX-License-Identifier: Apache-2.0 */
#include "export/gzip.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

#define ZLIB_CONST /* it only reads its input */
#include <zlib.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define CHUNK_BYTES 16384

/* A large profile has to be served at once: 2 makes it a fifteenth larger than 6 does, in a third
 * of the time. */
#define LEVEL 2

#define GZIP_WINDOW_BITS (15 + 16) /* 16 asks for gzip's header rather than zlib's */
#define MEMORY_LEVEL     9

static void end_deflate(z_stream *stream)
{
	deflateEnd(stream);
}

int gzip_append(struct buffer *out, const void *bytes, size_t size)
{
	_cleanup_(end_deflate) z_stream stream = { 0 };
	const Bytef *next = bytes;
	Bytef chunk[CHUNK_BYTES];
	int r;

	r = deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY);
	if (r != Z_OK)
		return -ENOMEM;
	do {
		if (!stream.avail_in && size) {
			stream.avail_in = size < UINT_MAX ? (uInt)size : UINT_MAX;
			stream.next_in = next;
			next += stream.avail_in;
			size -= stream.avail_in;
		}
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		r = deflate(&stream, size ? Z_NO_FLUSH : Z_FINISH);
		assert(r != Z_STREAM_ERROR);
		buffer_append(out, chunk, sizeof(chunk) - stream.avail_out);
	} while (r != Z_STREAM_END && !buffer_error(out));
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
