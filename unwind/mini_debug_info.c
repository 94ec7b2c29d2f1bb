/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/mini_debug_info.h"

#include <errno.h>
#include <lzma.h>

#include "profiler/base/buffer.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"

#define UNPACKED_MAX_BYTES ((size_t)64 << 20)
#define DECODER_MAX_BYTES  ((uint64_t)128 << 20)
#define CHUNK_BYTES        ((size_t)256 << 10)

/* Append what the decoder makes of its input. */
static int unpack(lzma_stream *stream, struct buffer *bytes)
{
	lzma_ret outcome = LZMA_OK;

	while (outcome == LZMA_OK) {
		uint8_t *chunk = buffer_append_zeros(bytes, CHUNK_BYTES);

		if (!chunk)
			return buffer_error(bytes) == -ENOMEM ? -ENOMEM : -ENODATA;
		stream->next_out = chunk;
		stream->avail_out = CHUNK_BYTES;
		outcome = lzma_code(stream, LZMA_FINISH);
		bytes->size -= stream->avail_out;
	}
	return outcome == LZMA_STREAM_END ? 0 : outcome == LZMA_MEM_ERROR ? -ENOMEM : -ENODATA;
}

int mini_debug_info_open(struct elf_file *file, struct buffer *bytes, struct elf_file **ret_file)
{
	const struct elf_content packed = elf_content_section(file, ".gnu_debugdata");
	lzma_stream stream = LZMA_STREAM_INIT;
	int r;

	if (!packed.size)
		return -ENODATA;
	if (lzma_stream_decoder(&stream, DECODER_MAX_BYTES, 0) != LZMA_OK)
		return -ENOMEM;
	stream.next_in = packed.bytes;
	stream.avail_in = packed.size;
	bytes->limit = UNPACKED_MAX_BYTES;
	r = unpack(&stream, bytes);
	lzma_end(&stream);
	if (r == 0)
		r = elf_file_open_bytes(bytes->data, bytes->size, ret_file);
	return r == 0 || r == -ENOMEM ? r : -ENODATA;
}
