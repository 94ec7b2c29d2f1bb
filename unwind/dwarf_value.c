/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_value.h"

#include <dwarf.h>
#include <stddef.h>

#include "unwind/dwarf_unit.h"

static const char *indexed_string(const struct dwarf_unit *unit, uint64_t i)
{
	const struct dwarf_table table = {
		.section = DWARF_SECTION_STR_OFFSETS,
		.base = unit->str_offsets_base,
		.item_bytes = unit->encoding.offset_bytes,
	};
	uint64_t offset;

	if (!dwarf_sections_item(unit->sections, &table, i, &offset))
		return NULL;
	return dwarf_sections_string(unit->sections, DWARF_SECTION_STR, offset);
}

const char *dwarf_value_string(const struct dwarf_unit *unit, const struct dwarf_value *value)
{
	const struct dwarf_sections *alternate = unit->sections->alternate;

	switch (value ? value->form : 0) {
	case DW_FORM_string:
		return (const char *)value->bytes;
	case DW_FORM_strp:
		return dwarf_sections_string(unit->sections, DWARF_SECTION_STR, value->number);
	case DW_FORM_line_strp:
		return dwarf_sections_string(unit->sections, DWARF_SECTION_LINE_STR, value->number);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		return alternate
			       ? dwarf_sections_string(alternate, DWARF_SECTION_STR, value->number)
			       : NULL;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return indexed_string(unit, value->number);
	default:
		return NULL;
	}
}

struct dwarf_reference dwarf_value_reference(const struct dwarf_unit *unit,
					     const struct dwarf_value *value)
{
	switch (value ? value->form : 0) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		return (struct dwarf_reference){ unit->sections, unit->info_off + value->number };
	case DW_FORM_ref_addr:
		return (struct dwarf_reference){ unit->sections, value->number };
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
	case DW_FORM_GNU_ref_alt:
		return (struct dwarf_reference){ unit->sections->alternate, value->number };
	default:
		return (struct dwarf_reference){ 0 };
	}
}
