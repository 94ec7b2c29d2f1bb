/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF function: one subprogram → a function of the symbol file for each of its ranges.
 */

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "unwind/dwarf_inlines.h"
#include "unwind/dwarf_lines.h"

struct dwarf_conversion;

/* The unit that is read, and room that its functions use one after the other. */
struct dwarf_unit {
	Dwarf_Die die;
	struct dwarf_lines lines;
	struct dwarf_die_stack nested; /* entries that may hold functions, yet to be visited */

	bool has_inlines; /* of the function at hand */
	struct dwarf_inlines inlines, cut_inlines;
	struct dwarf_lines cut_lines;
};

/* Works on a zeroed struct. */
void dwarf_unit_fini(struct dwarf_unit *unit);

/*
 * Add the function of @die, a subprogram of @unit, unless it is a declaration or was inlined
 * everywhere. What is nested in it and may hold functions is pushed to @unit's stack.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_read(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
			Dwarf_Die *die);

/*
 * Add those symbols in the lines of @unit which no function was added for: assembler, and copies
 * that a compiler made and did not describe.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_add_symbols(struct dwarf_conversion *conversion, struct dwarf_unit *unit);
