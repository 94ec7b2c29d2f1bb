/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Varint: an integer in as few bytes as it takes, seven bits each, least significant first; the top
 * bit says that more follow (LEB128, DWARF 5, 7.6). Signed ones are zigzagged first, so that small
 * negative ones are short, too: 0, −1, 1, −2 … become 0, 1, 2, 3 …
 */

#include <errno.h>
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

/* varint_read() of what takes any number of bytes, or ends within one: where the next one begins,
 * or NULL. */
const unsigned char *varint_read_long(const unsigned char *next, const unsigned char *end,
				      uint64_t *ret_value);

/*
 * Returns 0 and sets *@ret_value, or -EBADMSG: the bytes end within it, or it has over 64 bits.
 *
 * Most take one byte or two, which cannot be foretold: so nothing branches on that, and a reader
 * of the caller's can stay in registers.
 */
static inline int varint_read(struct varint_reader *reader, uint64_t *ret_value)
{
	const unsigned char *next = reader->next;
	uint64_t has_two, value;

	if (reader->end - next >= 2 && !(next[0] & next[1] & 0x80)) {
		has_two = next[0] >> 7;
		*ret_value = (next[0] & 0x7f) | ((uint64_t)next[1] << 7 & -has_two);
		reader->next = next + 1 + has_two;
		return 0;
	}
	next = varint_read_long(next, reader->end, &value);
	if (!next)
		return -EBADMSG;
	reader->next = next;
	*ret_value = value;
	return 0;
}

/*
 * Go past @count numbers, without reading them. Returns 0 and sets *@ret_passed to a reader of
 * those alone, or -EBADMSG: there are not as many.
 */
int varint_pass(struct varint_reader *reader, size_t count, struct varint_reader *ret_passed);

static inline int varint_read_signed(struct varint_reader *reader, int64_t *ret_value)
{
	uint64_t value = 0;
	int r = varint_read(reader, &value);

	if (r == 0)
		*ret_value = (int64_t)(value >> 1 ^ -(value & 1));
	return r;
}
