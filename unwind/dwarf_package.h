/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF package: the index of a .dwp file, which tells which parts of its sections belong to a unit
 * (DWARF 5, section 7.3.5.3, and https://gcc.gnu.org/wiki/DebugFissionDWP for what came before).
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/dwarf_unit.h"

struct dwarf_sections;

/* Borrowed from the sections. */
struct dwarf_package {
	uint32_t n_slots;
	uint32_t n_columns;
	uint32_t n_units;
	struct byte_cursor ids;     /* of each slot */
	struct byte_cursor rows;    /* of each slot; 0: it is free */
	struct byte_cursor columns; /* DW_SECT_* */
	struct byte_cursor offsets; /* of each unit, in each column */
	uint16_t version;           /* 2, before DWARF 5, or 5 */
};

/* Returns false if there is no index that makes sense. */
bool dwarf_package_read(const struct dwarf_sections *sections, struct dwarf_package *ret_package);

/* Tell whose unit @slot has, and where its parts are. Returns false if the slot is free. */
bool dwarf_package_unit(const struct dwarf_package *package, uint32_t slot, uint64_t *ret_dwo_id,
			uint64_t *ret_info_off, struct dwarf_contribution *ret_contribution);
