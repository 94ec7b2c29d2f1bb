/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_package.h"

#include <dwarf.h>

#include "unwind/dwarf_sections.h"

/* There are eight kinds of sections. */
#define MAX_COLUMNS 32

static struct byte_cursor take_table(struct byte_cursor *cursor, uint64_t n, uint64_t item_bytes)
{
	const uint8_t *start = byte_cursor_take(cursor, n * item_bytes);

	return byte_cursor_at(start, start ? n * item_bytes : 0);
}

bool dwarf_package_read(const struct dwarf_sections *sections, struct dwarf_package *ret_package)
{
	struct byte_cursor cursor = dwarf_sections_at(sections, DWARF_SECTION_UNIT_INDEX, 0);
	struct dwarf_package package = { .version = (uint16_t)byte_cursor_number(&cursor, 2) };

	byte_cursor_take(&cursor, 2);
	package.n_columns = byte_cursor_u32(&cursor);
	package.n_units = byte_cursor_u32(&cursor);
	package.n_slots = byte_cursor_u32(&cursor);
	if ((package.version != 2 && package.version != 5) || package.n_columns > MAX_COLUMNS)
		return false;
	package.ids = take_table(&cursor, package.n_slots, sizeof(uint64_t));
	package.rows = take_table(&cursor, package.n_slots, sizeof(uint32_t));
	package.columns = take_table(&cursor, package.n_columns, sizeof(uint32_t));
	package.offsets = take_table(&cursor, (uint64_t)package.n_columns * package.n_units,
				     sizeof(uint32_t));
	*ret_package = package;
	return !cursor.is_bad;
}

static uint32_t item(struct byte_cursor table, uint64_t i)
{
	byte_cursor_take(&table, i * sizeof(uint32_t));
	return byte_cursor_u32(&table);
}

bool dwarf_package_unit(const struct dwarf_package *package, uint32_t slot, uint64_t *ret_dwo_id,
			uint64_t *ret_info_off, struct dwarf_contribution *ret_contribution)
{
	struct byte_cursor ids = package->ids;
	uint32_t row = item(package->rows, slot);

	if (!row || row > package->n_units)
		return false;
	byte_cursor_take(&ids, (uint64_t)slot * sizeof(uint64_t));
	*ret_dwo_id = byte_cursor_u64(&ids);
	for (uint32_t i = 0; i < package->n_columns; i++) {
		uint64_t offset =
			item(package->offsets, (uint64_t)(row - 1) * package->n_columns + i);
		uint32_t kind = item(package->columns, i);

		if (kind == DW_SECT_INFO)
			*ret_info_off = offset;
		else if (kind == DW_SECT_ABBREV)
			ret_contribution->abbrev_off = offset;
		else if (kind == DW_SECT_STR_OFFSETS)
			ret_contribution->str_offsets_off = offset;
		else if (kind == DW_SECT_RNGLISTS && package->version == 5)
			ret_contribution->rnglists_off = offset;
	}
	return true;
}
