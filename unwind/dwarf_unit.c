/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_unit.h"

#include <dwarf.h>
#include <errno.h>

/* Offsets from here on are sizes of 64-bit DWARF, or reserved. */
#define LENGTH_IS_64    0xffffffffU
#define LENGTH_RESERVED 0xfffffff0U

#define HEAD_MAX_BYTES 64 /* of a unit */

/* What follows the version up to DWARF 4. */
static void read_old_head(struct dwarf_unit *unit, struct byte_cursor *cursor)
{
	unit->type = DW_UT_compile;
	unit->abbrev_off = byte_cursor_number(cursor, unit->encoding.offset_bytes);
	unit->encoding.address_bytes = byte_cursor_u8(cursor);
}

static void read_new_head(struct dwarf_unit *unit, struct byte_cursor *cursor)
{
	unit->type = byte_cursor_u8(cursor);
	unit->encoding.address_bytes = byte_cursor_u8(cursor);
	unit->abbrev_off = byte_cursor_number(cursor, unit->encoding.offset_bytes);
	if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile) {
		unit->dwo_id = byte_cursor_u64(cursor);
		unit->has_dwo_id = true;
	} else if (unit->type == DW_UT_type || unit->type == DW_UT_split_type) {
		byte_cursor_take(cursor, 8 + (uint64_t)unit->encoding.offset_bytes);
	}
}

int dwarf_unit_read_head(struct dwarf_unit *unit, const struct dwarf_sections *sections,
			 uint64_t info_off)
{
	struct byte_cursor cursor = dwarf_sections_at(sections, DWARF_SECTION_INFO, info_off);
	struct dwarf_unit head = {
		.sections = sections,
		.address_sections = sections,
		.info = sections->contents[DWARF_SECTION_INFO].bytes,
		.info_off = info_off,
		.abbrevs = unit->abbrevs,
		.encoding.offset_bytes = 4,
	};
	uint64_t length = byte_cursor_u32(&cursor);

	if (length == LENGTH_IS_64) {
		head.encoding.offset_bytes = 8;
		length = byte_cursor_u64(&cursor);
	}
	if (cursor.is_bad || (length >= LENGTH_RESERVED && head.encoding.offset_bytes == 4) ||
	    length > byte_cursor_left(&cursor))
		return -ENODATA;
	head.end_off = (uint64_t)(cursor.next - head.info) + length;
	cursor.end = cursor.next + length;
	head.encoding.version = (uint16_t)byte_cursor_number(&cursor, 2);
	if (head.encoding.version >= 5)
		read_new_head(&head, &cursor);
	else
		read_old_head(&head, &cursor);
	head.entries_off = (uint64_t)(cursor.next - head.info);
	*unit = head;
	if (cursor.is_bad || head.encoding.version < 2 || head.encoding.version > 5 ||
	    (head.encoding.address_bytes != 4 && head.encoding.address_bytes != 8))
		return -EBADMSG;
	return 0;
}

bool dwarf_unit_indexed_address(const struct dwarf_unit *unit, uint64_t i, uint64_t *ret_vaddr)
{
	const struct dwarf_table table = {
		.section = DWARF_SECTION_ADDR,
		.base = unit->addr_base,
		.item_bytes = unit->encoding.address_bytes,
	};

	return dwarf_sections_item(unit->address_sections, &table, i, ret_vaddr);
}

bool dwarf_unit_address(const struct dwarf_unit *unit, const struct dwarf_value *value,
			uint64_t *ret_vaddr)
{
	switch (value ? value->form : 0) {
	case DW_FORM_addr:
		*ret_vaddr = value->number;
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return dwarf_unit_indexed_address(unit, value->number, ret_vaddr);
	default:
		return false;
	}
}

static uint64_t offset_in(const struct dwarf_unit *unit, enum dwarf_slot slot, uint64_t otherwise)
{
	const struct dwarf_value *value = dwarf_entry_value(&unit->entry, slot);

	return value ? value->number : otherwise;
}

/* DWARF 5, sections 3.1.2 and 7.26 to 7.28: bases lie behind a head, whose size is known. */
static void find_bases(struct dwarf_unit *unit, const struct dwarf_unit *skeleton,
		       const struct dwarf_contribution *contribution)
{
	uint64_t length_bytes = unit->encoding.offset_bytes == 8 ? 12 : 4;
	bool is_new = unit->encoding.version >= 5;

	unit->str_offsets_base =
		offset_in(unit, DWARF_STR_OFFSETS_BASE,
			  contribution->str_offsets_off + (is_new ? length_bytes + 4 : 0));
	unit->rnglists_base =
		offset_in(unit, DWARF_RNGLISTS_BASE, contribution->rnglists_off + length_bytes + 8);
	unit->addr_base = offset_in(unit, DWARF_ADDR_BASE, skeleton ? skeleton->addr_base : 0);
	if (skeleton) {
		unit->ranges_base = offset_in(skeleton, DWARF_GNU_RANGES_BASE, 0);
		unit->address_sections = skeleton->sections;
		unit->base_vaddr = skeleton->base_vaddr;
	}
}

int dwarf_unit_read_entry(struct dwarf_unit *unit, const struct dwarf_unit *skeleton,
			  const struct dwarf_contribution *contribution)
{
	static const struct dwarf_contribution none = { 0 };
	const struct dwarf_value *dwo_id;
	struct dwarf_cursor cursor;
	int r;

	if (!contribution)
		contribution = &none;
	r = dwarf_abbrevs_read(&unit->abbrevs,
			       dwarf_sections_at(unit->sections, DWARF_SECTION_ABBREV, 0),
			       contribution->abbrev_off + unit->abbrev_off, &unit->encoding);
	if (r < 0)
		return r;
	cursor = dwarf_unit_cursor(unit, unit->entries_off);
	if (!dwarf_cursor_next(&cursor))
		return -EBADMSG;
	unit->tag = cursor.abbrev->tag;
	dwarf_cursor_read(&cursor, &unit->entry);
	if (cursor.bytes.is_bad)
		return -EBADMSG;
	dwo_id = dwarf_entry_value(&unit->entry, DWARF_DWO_ID);
	if (dwo_id) {
		unit->dwo_id = dwo_id->number;
		unit->has_dwo_id = true;
	}
	find_bases(unit, skeleton, contribution);
	dwarf_unit_address(unit, dwarf_entry_value(&unit->entry, DWARF_LOW_PC), &unit->base_vaddr);
	return 0;
}

int dwarf_unit_read_next(struct dwarf_unit *unit, struct dwarf_sections *sections)
{
	int r;

	/* The section may well end before. */
	(void)dwarf_sections_fill(sections, unit->end_off + HEAD_MAX_BYTES);
	r = dwarf_unit_read_head(unit, sections, unit->end_off);
	if (r == 0 && !dwarf_sections_fill(sections, unit->end_off))
		r = -EBADMSG;
	return r == 0 ? dwarf_unit_read_entry(unit, NULL, NULL) : r;
}

bool dwarf_unit_is_skeleton(const struct dwarf_unit *unit)
{
	return unit->has_dwo_id &&
	       (unit->type == DW_UT_skeleton || dwarf_entry_value(&unit->entry, DWARF_DWO_NAME));
}

struct dwarf_cursor dwarf_unit_cursor(const struct dwarf_unit *unit, uint64_t info_off)
{
	struct dwarf_cursor cursor = { .abbrevs = &unit->abbrevs };

	if (info_off < unit->entries_off || info_off >= unit->end_off)
		cursor.is_at_end = true;
	else
		cursor.bytes = byte_cursor_at(unit->info + info_off, unit->end_off - info_off);
	return cursor;
}

void dwarf_unit_fini(struct dwarf_unit *unit)
{
	dwarf_abbrevs_fini(&unit->abbrevs);
}
