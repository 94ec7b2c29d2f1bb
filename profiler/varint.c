/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/varint.h"

#include <errno.h>

#include "profiler/base/buffer.h"

#define PAYLOAD_BITS 7
#define MORE_FOLLOW  0x80U

void varint_append(struct buffer *buffer, uint64_t value)
{
	unsigned char bytes[VARINT_MAX_BYTES];

	buffer_append(buffer, bytes, (size_t)(varint_write(bytes, value) - bytes));
}

void varint_append_signed(struct buffer *buffer, int64_t value)
{
	varint_append(buffer, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

int varint_read_long(struct varint_reader *reader, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; reader->next < reader->end; shift += PAYLOAD_BITS) {
		uint64_t byte = *reader->next++;
		uint64_t payload = byte & ~(uint64_t)MORE_FOLLOW;

		if (shift > 63 || payload << shift >> shift != payload)
			return -EBADMSG;
		value |= payload << shift;
		if (byte == payload) {
			*ret_value = value;
			return 0;
		}
	}
	return -EBADMSG;
}
