/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/inflater.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "profiler/base/cleanup.h"
#include "unwind/mapped_bytes.h"

/* How often memory is asked for, and given back. */
#define STEP_BYTES ((size_t)4 << 20)

/* How many bytes one packed byte can stand for: in zlib 258 of 2 bits, in zstd a block of 128 KiB
 * of 4 bytes (RFC 8878, section 3.1.1.2). */
#define ZLIB_MAX_RATIO 1032
#define ZSTD_MAX_RATIO 32768

struct inflater {
	struct inflater_source source;
	uint8_t *bytes; /* room for all of them */
	size_t n_filled;
	size_t n_writable;
	size_t n_released;
	size_t n_read; /* of the packed ones */
	size_t n_packed_released;
	bool is_at_end;

	bool has_zlib;
	z_stream zlib;
	ZSTD_DStream *zstd;
};

DEFINE_CLEANUP(struct inflater *, inflater_free)

static bool is_credible(const struct inflater_source *source)
{
	uint64_t ratio = source->format == INFLATER_ZLIB ? ZLIB_MAX_RATIO : ZSTD_MAX_RATIO;

	return source->size && source->size <= SIZE_MAX - STEP_BYTES &&
	       source->size / ratio <= source->packed_bytes;
}

static int start(struct inflater *inflater)
{
	if (inflater->source.format == INFLATER_ZSTD) {
		inflater->zstd = ZSTD_createDStream();
		return inflater->zstd ? 0 : -ENOMEM;
	}
	if (inflateInit(&inflater->zlib) != Z_OK)
		return -ENOMEM;
	/* The sum over all bytes would come when they have been read, and takes time. */
	(void)inflateValidate(&inflater->zlib, 0);
	inflater->has_zlib = true;
	return 0;
}

int inflater_new(const struct inflater_source *source, struct inflater **ret_inflater)
{
	_cleanup_(inflater_freep) struct inflater *inflater = NULL;
	void *room;
	int r;

	if (!is_credible(source))
		return -EBADMSG;
	inflater = calloc(1, sizeof(*inflater));
	if (!inflater)
		return -ENOMEM;
	inflater->source = *source;
	room = mmap(NULL, source->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (room == MAP_FAILED)
		return -ENOMEM;
	inflater->bytes = room;
	r = start(inflater);
	if (r < 0)
		return r;
	*ret_inflater = steal(inflater);
	return 0;
}

struct inflater *inflater_free(struct inflater *inflater)
{
	if (!inflater)
		return NULL;
	if (inflater->has_zlib)
		inflateEnd(&inflater->zlib);
	ZSTD_freeDStream(inflater->zstd);
	if (inflater->bytes)
		munmap(inflater->bytes, inflater->source.size);
	free(inflater);
	return NULL;
}

const uint8_t *inflater_bytes(const struct inflater *inflater)
{
	return inflater->bytes;
}

size_t inflater_size(const struct inflater *inflater)
{
	return inflater->source.size;
}

/* Unpack into the @n bytes behind those that are filled. */
static void unpack_zlib(struct inflater *inflater, size_t n)
{
	z_stream *stream = &inflater->zlib;
	size_t n_left = inflater->source.packed_bytes - inflater->n_read;
	unsigned int n_in = n_left < STEP_BYTES ? (unsigned int)n_left : (unsigned int)STEP_BYTES;
	int outcome;

	stream->next_in = inflater->source.packed + inflater->n_read;
	stream->avail_in = n_in;
	stream->next_out = inflater->bytes + inflater->n_filled;
	stream->avail_out = (unsigned int)n;
	outcome = inflate(stream, Z_NO_FLUSH);
	inflater->n_read += n_in - stream->avail_in;
	inflater->n_filled += n - stream->avail_out;
	inflater->is_at_end = outcome != Z_OK;
}

static void unpack_zstd(struct inflater *inflater, size_t n)
{
	ZSTD_inBuffer in = { inflater->source.packed, inflater->source.packed_bytes,
			     inflater->n_read };
	ZSTD_outBuffer out = { inflater->bytes + inflater->n_filled, n, 0 };
	size_t outcome = ZSTD_decompressStream(inflater->zstd, &out, &in);

	inflater->is_at_end =
		ZSTD_isError(outcome) || outcome == 0 || (in.pos == inflater->n_read && !out.pos);
	inflater->n_read = in.pos;
	inflater->n_filled += out.pos;
}

/* Have memory for a step more. Returns whether there is. */
static bool extend(struct inflater *inflater)
{
	size_t n_left = inflater->source.size - inflater->n_writable;
	size_t n = n_left < STEP_BYTES ? n_left : STEP_BYTES;

	if (!n || mprotect(inflater->bytes + inflater->n_writable, n, PROT_READ | PROT_WRITE) < 0)
		return false;
	inflater->n_writable += n;
	return true;
}

size_t inflater_fill(struct inflater *inflater, uint64_t end)
{
	while (inflater->n_filled < end && !inflater->is_at_end) {
		if (inflater->n_filled == inflater->n_writable && !extend(inflater)) {
			inflater->is_at_end = true;
			break;
		}
		if (inflater->source.format == INFLATER_ZLIB)
			unpack_zlib(inflater, inflater->n_writable - inflater->n_filled);
		else
			unpack_zstd(inflater, inflater->n_writable - inflater->n_filled);
	}
	return inflater->n_filled < end ? inflater->n_filled : end;
}

void inflater_release(struct inflater *inflater, uint64_t end)
{
	const uint8_t *packed = inflater->source.packed;
	size_t n;

	if (end > inflater->n_filled)
		end = inflater->n_filled;
	if (end < inflater->n_released + STEP_BYTES)
		return;
	n = (end - inflater->n_released) / STEP_BYTES * STEP_BYTES;
	madvise(inflater->bytes + inflater->n_released, n, MADV_DONTNEED);
	mprotect(inflater->bytes + inflater->n_released, n, PROT_NONE);
	inflater->n_released += n;
	mapped_bytes_release(packed + inflater->n_packed_released,
			     inflater->n_read - inflater->n_packed_released);
	inflater->n_packed_released = inflater->n_read;
}
