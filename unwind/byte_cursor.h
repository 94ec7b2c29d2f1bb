/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Byte cursor: reads little-endian numbers, one after the other, from foreign bytes.
 *
 * A read past the end gives 0 and leaves the cursor failed, at its end; so does every later read.
 * Readers read freely and ask once, with is_bad.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct byte_cursor {
	const uint8_t *next;
	const uint8_t *end;
	bool is_bad;
};

static inline struct byte_cursor byte_cursor_at(const uint8_t *bytes, size_t size)
{
	return (struct byte_cursor){ .next = bytes, .end = size ? bytes + size : bytes };
}

static inline size_t byte_cursor_left(const struct byte_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->next);
}

static inline void byte_cursor_fail(struct byte_cursor *cursor)
{
	cursor->next = cursor->end;
	cursor->is_bad = true;
}

/* Take @n bytes. Returns where they start, or NULL: there are not as many. */
static inline const uint8_t *byte_cursor_take(struct byte_cursor *cursor, uint64_t n)
{
	const uint8_t *bytes = cursor->next;

	if (n > byte_cursor_left(cursor)) {
		byte_cursor_fail(cursor);
		return NULL;
	}
	cursor->next += n;
	return bytes;
}

/* A number of @n bytes, at most 8. */
static inline uint64_t byte_cursor_number(struct byte_cursor *cursor, size_t n)
{
	const uint8_t *bytes = byte_cursor_take(cursor, n);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, n);
	return value;
}

static inline uint8_t byte_cursor_u8(struct byte_cursor *cursor)
{
	return cursor->next < cursor->end ? *cursor->next++
					  : (uint8_t)byte_cursor_number(cursor, 1);
}

static inline uint32_t byte_cursor_u32(struct byte_cursor *cursor)
{
	return (uint32_t)byte_cursor_number(cursor, 4);
}

static inline uint64_t byte_cursor_u64(struct byte_cursor *cursor)
{
	return byte_cursor_number(cursor, 8);
}

/* A ULEB128 number. Bits beyond the 64th are dropped, as all readers of DWARF do. */
static inline uint64_t byte_cursor_uleb(struct byte_cursor *cursor)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	if (cursor->next < cursor->end && *cursor->next < 0x80) /* nearly always */
		return *cursor->next++;
	do {
		byte = byte_cursor_u8(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

/* An SLEB128 number. */
static inline int64_t byte_cursor_sleb(struct byte_cursor *cursor)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = byte_cursor_u8(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~0ULL << shift;
	return (int64_t)value;
}
