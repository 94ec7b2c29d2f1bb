/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF function: one subprogram → a function of the symbol file for each of its ranges.
 */

#include <stdbool.h>

#include "unwind/dwarf_inlines.h"
#include "unwind/dwarf_lines.h"
#include "unwind/dwarf_ranges.h"

struct dwarf_conversion;
struct dwarf_cursor;

/* Room that the functions of a unit use one after the other. */
struct dwarf_work {
	struct dwarf_lines lines; /* of the unit */

	struct dwarf_ranges ranges; /* of the function at hand */
	bool has_inlines;
	struct dwarf_inlines inlines, cut_inlines;
	struct dwarf_lines cut_lines;
};

/* Works on a zeroed struct. */
void dwarf_work_fini(struct dwarf_work *work);

/*
 * Add the function that @cursor, a walk over the unit at hand, has at hand: a subprogram with code.
 * If it was added, @cursor goes to its end, and what is nested in it is pushed to
 * @work->inlines.nested; else @cursor goes into it.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_read(struct dwarf_conversion *conversion, struct dwarf_work *work,
			struct dwarf_cursor *cursor);

/*
 * Add those symbols in the lines of the unit at hand which no function was added for: assembler,
 * and copies that a compiler made and did not describe.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_add_symbols(struct dwarf_conversion *conversion, struct dwarf_work *work);
