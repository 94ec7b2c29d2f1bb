/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_record.h"

#include <string.h>

#include "unwind/symbol_file_format.h"

/* Bytes yet to be read. What goes past the end yields zeros and marks the cursor. */
struct cursor {
	const uint8_t *next;
	const uint8_t *end;
	bool is_bad;
};

static uint32_t read_u32(struct cursor *cursor)
{
	uint32_t value = 0;

	if ((size_t)(cursor->end - cursor->next) < sizeof(value)) {
		cursor->is_bad = true;
		cursor->next = cursor->end;
		return 0;
	}
	memcpy(&value, cursor->next, sizeof(value));
	cursor->next += sizeof(value);
	return value;
}

static uint8_t read_u8(struct cursor *cursor)
{
	if (cursor->next == cursor->end) {
		cursor->is_bad = true;
		return 0;
	}
	return *cursor->next++;
}

struct leb {
	uint64_t value;
	const uint8_t *next; /* behind it, or NULL: it does not end */
};

/* By value, here and below: a cursor whose address nobody is given stays in registers, and that is
 * what a look-up spends its time on. */
static __attribute__((noinline)) struct leb read_leb(const uint8_t *next, const uint8_t *end,
						     bool is_signed)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (next == end)
			return (struct leb){ 0, NULL };
		byte = *next++;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~0ULL << shift;
	return (struct leb){ value, next };
}

static inline uint64_t read_long(struct cursor *cursor, bool is_signed)
{
	const uint8_t *bytes = cursor->next;
	struct leb leb;

	if (!is_signed && cursor->end - bytes >= 2 && bytes[1] < 0x80) {
		cursor->next += 2;
		return (uint64_t)(bytes[0] & 0x7f) | (uint64_t)bytes[1] << 7;
	}
	leb = read_leb(bytes, cursor->end, is_signed);
	cursor->is_bad |= !leb.next;
	cursor->next = leb.next ? leb.next : cursor->end;
	return leb.value;
}

/* Nearly all numbers take one byte, else two. */
static inline bool is_short(const struct cursor *cursor)
{
	return cursor->next < cursor->end && *cursor->next < 0x80;
}

static inline uint64_t read_unsigned(struct cursor *cursor)
{
	return is_short(cursor) ? *cursor->next++ : read_long(cursor, false);
}

static inline int64_t read_signed(struct cursor *cursor)
{
	return is_short(cursor) ? (*cursor->next++ ^ 0x40) - 0x40
				: (int64_t)read_long(cursor, true);
}

struct line_table {
	int32_t min_step;
	uint32_t n_steps;
	uint32_t inverse; /* of n_steps, rounded up, in units of 2^-16: enough to divide a byte */
	uint64_t vaddr;   /* of the next row */
	struct symbol_place place;
};

/* Move @table to its next row. Returns false at the end. */
static bool next_row(struct cursor *cursor, struct line_table *table)
{
	while (cursor->next < cursor->end) {
		uint8_t op = *cursor->next++;

		if (op >= GSYM_LINE_FIRST_SPECIAL) {
			uint32_t steps = (uint32_t)op - GSYM_LINE_FIRST_SPECIAL;
			uint32_t pc_step = steps * table->inverse >> 16;

			table->vaddr += pc_step;
			table->place.line +=
				(uint32_t)table->min_step + (steps - pc_step * table->n_steps);
			return true;
		}
		if (op == GSYM_LINE_ADVANCE_PC) {
			table->vaddr += read_unsigned(cursor);
			return true;
		}
		if (op == GSYM_LINE_ADVANCE_LINE)
			table->place.line += (uint32_t)read_signed(cursor);
		else if (op == GSYM_LINE_SET_FILE)
			table->place.file = (uint32_t)read_unsigned(cursor);
		else
			return false;
	}
	cursor->is_bad = true;
	return false;
}

static void read_lines(struct cursor *cursor, uint64_t start_vaddr, uint64_t elf_vaddr,
		       struct symbol_record *record)
{
	struct line_table table = { .vaddr = start_vaddr };
	int64_t min_step = read_signed(cursor), max_step = read_signed(cursor);

	table.place = (struct symbol_place){ .file = 1, .line = (uint32_t)read_unsigned(cursor) };
	/* A special opcode is a byte, and so is what it can tell apart. */
	if (max_step < min_step || max_step > UINT8_MAX || min_step < -UINT8_MAX) {
		cursor->is_bad = true;
		return;
	}
	table.min_step = (int32_t)min_step;
	table.n_steps = (uint32_t)(max_step - min_step + 1);
	table.inverse = (65536 + table.n_steps - 1) / table.n_steps;
	record->start_line = table.place.line;
	while (next_row(cursor, &table) && table.vaddr <= elf_vaddr)
		record->place = table.place;
}

/* Read the ranges of a node. Returns how many; *@ret_holds tells whether one has @elf_vaddr. */
static uint64_t read_ranges(struct cursor *cursor, uint64_t base_vaddr, uint64_t elf_vaddr,
			    uint64_t *ret_first_vaddr, bool *ret_holds)
{
	uint64_t n = read_unsigned(cursor);

	*ret_holds = false;
	for (uint64_t i = 0; i < n && !cursor->is_bad; i++) {
		uint64_t start_vaddr = base_vaddr + read_unsigned(cursor);
		uint64_t size = read_unsigned(cursor);

		if (i == 0)
			*ret_first_vaddr = start_vaddr;
		if (elf_vaddr >= start_vaddr && elf_vaddr - start_vaddr < size)
			*ret_holds = true;
	}
	return cursor->is_bad ? 0 : n;
}

/* Pass over the children of a node, however deep they nest. */
static void skip_children(struct cursor *cursor)
{
	uint64_t depth = 1;

	while (depth && !cursor->is_bad) {
		uint64_t n = read_unsigned(cursor);

		if (!n)
			depth--;
		if (!n)
			continue;
		for (uint64_t i = 0; i < n && !cursor->is_bad; i++) {
			read_unsigned(cursor);
			read_unsigned(cursor);
		}
		depth += read_u8(cursor) != 0;
		read_u32(cursor);
		read_unsigned(cursor);
		read_unsigned(cursor);
	}
}

/* Follow the nodes that hold @elf_vaddr from the root down. */
static void read_inlines(struct cursor *cursor, uint64_t start_vaddr, uint64_t elf_vaddr,
			 struct symbol_record *record)
{
	uint64_t base_vaddr = start_vaddr, first_vaddr;
	bool is_root = true, has_children, holds;

	while (read_ranges(cursor, base_vaddr, elf_vaddr, &first_vaddr, &holds)) {
		struct symbol_call call = { .is_root = is_root };

		has_children = read_u8(cursor) != 0;
		call.name = read_u32(cursor);
		call.from.file = (uint32_t)read_unsigned(cursor);
		call.from.line = (uint32_t)read_unsigned(cursor);
		if (!holds && has_children)
			skip_children(cursor);
		if (!holds && !is_root)
			continue;
		if (holds && !is_root)
			record->calls[record->n_calls++ % SYMBOL_MAX_INLINE] = call;
		if (!holds || !has_children || cursor->is_bad)
			return;
		base_vaddr = first_vaddr;
		is_root = false;
	}
}

bool symbol_record_read(const uint8_t *bytes, size_t size, uint64_t start_vaddr, uint64_t elf_vaddr,
			struct symbol_record *ret_record)
{
	struct cursor cursor = { .next = bytes, .end = bytes + size };
	uint32_t function_bytes = read_u32(&cursor);

	ret_record->place = (struct symbol_place){ 0 };
	ret_record->start_line = 0;
	ret_record->n_calls = 1; /* the others get set as they are met */
	ret_record->calls[0] = (struct symbol_call){ .name = read_u32(&cursor), .is_root = true };
	if (elf_vaddr < start_vaddr || elf_vaddr - start_vaddr >= function_bytes)
		return false;
	while (!cursor.is_bad) {
		uint32_t type = read_u32(&cursor), length = read_u32(&cursor);
		struct cursor chunk = { .next = cursor.next };

		if (type == GSYM_CHUNK_END || length > (size_t)(cursor.end - cursor.next))
			break;
		chunk.end = cursor.next + length;
		if (type == GSYM_CHUNK_LINES)
			read_lines(&chunk, start_vaddr, elf_vaddr, ret_record);
		else if (type == GSYM_CHUNK_INLINES)
			read_inlines(&chunk, start_vaddr, elf_vaddr, ret_record);
		cursor.next = chunk.end;
		cursor.is_bad |= chunk.is_bad;
	}
	ret_record->n_functions =
		ret_record->n_calls < SYMBOL_MAX_INLINE ? ret_record->n_calls : SYMBOL_MAX_INLINE;
	return !cursor.is_bad;
}

const struct symbol_call *symbol_record_call(const struct symbol_record *record, uint32_t i)
{
	return &record->calls[(record->n_calls - 1 - i) % SYMBOL_MAX_INLINE];
}
