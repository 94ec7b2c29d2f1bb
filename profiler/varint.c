/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/varint.h"

#include <errno.h>
#include <string.h>

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

const unsigned char *varint_read_long(const unsigned char *next, const unsigned char *end,
				      uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; next < end; shift += PAYLOAD_BITS) {
		uint64_t byte = *next++;
		uint64_t payload = byte & ~(uint64_t)MORE_FOLLOW;

		if (shift > 63 || payload << shift >> shift != payload)
			return NULL;
		value |= payload << shift;
		if (byte == payload) {
			*ret_value = value;
			return next;
		}
	}
	return NULL;
}

/* How many of eight bytes are the last one of a number: one bit is left of each, and multiplying
 * adds them up in the uppermost byte. */
static size_t count_ends(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (~word >> 7 & 0x0101010101010101) * 0x0101010101010101 >> 56;
}

int varint_pass(struct varint_reader *reader, size_t count, struct varint_reader *ret_passed)
{
	const unsigned char *next = reader->next;

	/* As long as one more is left than eight bytes can have, they may all be passed. */
	for (; count > 8 && reader->end - next >= 8; next += 8)
		count -= count_ends(next);
	for (; count && next < reader->end; next++)
		count -= !(*next & MORE_FOLLOW);
	if (count)
		return -EBADMSG;
	*ret_passed = (struct varint_reader){ reader->next, next };
	reader->next = next;
	return 0;
}
