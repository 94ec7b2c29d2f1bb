/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Varint: an integer in as few bytes as it takes, seven bits each, least significant first; the top
 * bit says that more follow (LEB128, DWARF 5, 7.6). Signed ones are zigzagged first, so that small
 * negative ones are short, too: 0, −1, 1, −2 … become 0, 1, 2, 3 …
 */

#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX_BYTES 10

struct buffer;

/* Bytes that are read from the front. */
struct varint_reader {
	const unsigned char *next;
	const unsigned char *end;
};

void varint_append(struct buffer *buffer, uint64_t value);
void varint_append_signed(struct buffer *buffer, int64_t value);

/* How many bytes @value takes. */
static inline size_t varint_size(uint64_t value)
{
	return (size_t)(70 - __builtin_clzll(value | 1)) / 7;
}

/* Write @value to @at, which has room for it. Returns where it ends. */
static inline unsigned char *varint_write(unsigned char *at, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*at++ = (unsigned char)(value | 0x80);
	*at++ = (unsigned char)value;
	return at;
}

/* varint_read() of what takes any number of bytes. */
int varint_read_long(struct varint_reader *reader, uint64_t *ret_value);

/* Returns 0 and sets *@ret_value, or -EBADMSG: the bytes end within it, or it has over 64 bits.
 * Most take one byte. */
static inline int varint_read(struct varint_reader *reader, uint64_t *ret_value)
{
	const unsigned char *next = reader->next;

	if (reader->end - next < 2 || (next[0] > 0x7f && next[1] > 0x7f))
		return varint_read_long(reader, ret_value);
	*ret_value = next[0] > 0x7f ? (next[0] & 0x7fU) | (uint64_t)next[1] << 7 : next[0];
	reader->next += 1 + (next[0] > 0x7f);
	return 0;
}

static inline int varint_read_signed(struct varint_reader *reader, int64_t *ret_value)
{
	uint64_t value = 0;
	int r = varint_read(reader, &value);

	if (r == 0)
		*ret_value = (int64_t)(value >> 1 ^ -(value & 1));
	return r;
}
