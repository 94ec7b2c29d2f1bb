/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_ranges.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/dwarf_unit.h"

int dwarf_ranges_add(struct dwarf_ranges *ranges, uint64_t start_vaddr, uint64_t end_vaddr)
{
	int r;

	if (start_vaddr >= end_vaddr)
		return 0;
	r = array_reserve((void **)&ranges->ranges, &ranges->capacity, ranges->n + 1,
			  sizeof(*ranges->ranges));
	if (r == 0)
		ranges->ranges[ranges->n++] = (struct symbol_range){ start_vaddr, end_vaddr };
	return r;
}

/* Pairs of addresses up to two zeros; the largest address in front of one selects a base. */
static int read_old_list(const struct dwarf_unit *unit, uint64_t offset,
			 struct dwarf_ranges *ranges)
{
	struct byte_cursor cursor = dwarf_sections_at(unit->address_sections, DWARF_SECTION_RANGES,
						      unit->ranges_base + offset);
	uint8_t address_bytes = unit->encoding.address_bytes;
	uint64_t largest = UINT64_MAX >> (64 - 8 * address_bytes);
	uint64_t base_vaddr = unit->base_vaddr;
	int r = 0;

	while (r == 0) {
		uint64_t start = byte_cursor_number(&cursor, address_bytes);
		uint64_t end = byte_cursor_number(&cursor, address_bytes);

		if (cursor.is_bad || (!start && !end))
			break;
		if (start == largest)
			base_vaddr = end;
		else
			r = dwarf_ranges_add(ranges, base_vaddr + start, base_vaddr + end);
	}
	return r;
}

/* One entry of .debug_rnglists: its numbers, as they are written, then as addresses. */
struct list_entry {
	uint8_t kind; /* DW_RLE_* */
	uint64_t start;
	uint64_t end;
};

static struct list_entry read_entry(struct byte_cursor *cursor, uint8_t address_bytes)
{
	struct list_entry entry = { .kind = byte_cursor_u8(cursor) };

	switch (entry.kind) {
	case DW_RLE_base_addressx:
		entry.start = byte_cursor_uleb(cursor);
		break;
	case DW_RLE_startx_endx:
	case DW_RLE_startx_length:
	case DW_RLE_offset_pair:
		entry.start = byte_cursor_uleb(cursor);
		entry.end = byte_cursor_uleb(cursor);
		break;
	case DW_RLE_base_address:
		entry.start = byte_cursor_number(cursor, address_bytes);
		break;
	case DW_RLE_start_end:
		entry.start = byte_cursor_number(cursor, address_bytes);
		entry.end = byte_cursor_number(cursor, address_bytes);
		break;
	case DW_RLE_start_length:
		entry.start = byte_cursor_number(cursor, address_bytes);
		entry.end = byte_cursor_uleb(cursor);
		break;
	default:
		byte_cursor_fail(cursor);
	}
	return entry;
}

/* Turn the numbers of @entry into addresses. Returns false if one is not known. */
static bool resolve(const struct dwarf_unit *unit, struct list_entry *entry, uint64_t base_vaddr)
{
	switch (entry->kind) {
	case DW_RLE_base_addressx:
		return dwarf_unit_indexed_address(unit, entry->start, &entry->start);
	case DW_RLE_startx_endx:
		return dwarf_unit_indexed_address(unit, entry->start, &entry->start) &&
		       dwarf_unit_indexed_address(unit, entry->end, &entry->end);
	case DW_RLE_startx_length:
		if (!dwarf_unit_indexed_address(unit, entry->start, &entry->start))
			return false;
		entry->end += entry->start;
		return true;
	case DW_RLE_offset_pair:
		entry->start += base_vaddr;
		entry->end += base_vaddr;
		return true;
	case DW_RLE_start_length:
		entry->end += entry->start;
		return true;
	default:
		return true;
	}
}

static int read_new_list(const struct dwarf_unit *unit, uint64_t offset,
			 struct dwarf_ranges *ranges)
{
	struct byte_cursor cursor =
		dwarf_sections_at(unit->sections, DWARF_SECTION_RNGLISTS, offset);
	uint64_t base_vaddr = unit->base_vaddr;
	int r = 0;

	while (r == 0) {
		struct list_entry entry = read_entry(&cursor, unit->encoding.address_bytes);

		if (cursor.is_bad || entry.kind == DW_RLE_end_of_list)
			break;
		if (!resolve(unit, &entry, base_vaddr))
			continue;
		if (entry.kind == DW_RLE_base_address || entry.kind == DW_RLE_base_addressx)
			base_vaddr = entry.start;
		else
			r = dwarf_ranges_add(ranges, entry.start, entry.end);
	}
	return r;
}

static int read_list(const struct dwarf_unit *unit, const struct dwarf_value *list,
		     struct dwarf_ranges *ranges)
{
	const struct dwarf_table table = {
		.section = DWARF_SECTION_RNGLISTS,
		.base = unit->rnglists_base,
		.item_bytes = unit->encoding.offset_bytes,
	};
	uint64_t offset = list->number;

	if (unit->encoding.version < 5)
		return read_old_list(unit, offset, ranges);
	if (list->form == DW_FORM_rnglistx) {
		if (!dwarf_sections_item(unit->sections, &table, offset, &offset))
			return 0;
		offset += unit->rnglists_base;
	}
	return read_new_list(unit, offset, ranges);
}

int dwarf_ranges_read(const struct dwarf_unit *unit, const struct dwarf_entry *entry,
		      struct dwarf_ranges *ranges)
{
	const struct dwarf_value *list = dwarf_entry_value(entry, DWARF_RANGES);
	const struct dwarf_value *high_pc = dwarf_entry_value(entry, DWARF_HIGH_PC);
	uint64_t start_vaddr, end_vaddr;

	if (list)
		return read_list(unit, list, ranges);
	if (!high_pc ||
	    !dwarf_unit_address(unit, dwarf_entry_value(entry, DWARF_LOW_PC), &start_vaddr))
		return 0;
	/* A number counts from low_pc. */
	if (!dwarf_unit_address(unit, high_pc, &end_vaddr))
		end_vaddr = start_vaddr + high_pc->number;
	return dwarf_ranges_add(ranges, start_vaddr, end_vaddr);
}

void dwarf_ranges_fini(struct dwarf_ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct dwarf_ranges){ 0 };
}
