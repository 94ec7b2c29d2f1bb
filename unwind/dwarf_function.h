/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF function: one subprogram → a function of the symbol file for each of its ranges.
 */

#include <elfutils/libdw.h>
#include <stdint.h>

#include "unwind/dwarf_inlines.h"
#include "unwind/dwarf_lines.h"

struct dwarf_reader;

/* The unit that is read, and room that its functions use one after the other. */
struct dwarf_unit {
	Dwarf_Die die;
	struct dwarf_lines lines;
	uint32_t n_functions; /* added so far */

	struct dwarf_inlines inlines, cut_inlines;
	struct dwarf_lines cut_lines;
};

/* Works on a zeroed struct. */
void dwarf_unit_fini(struct dwarf_unit *unit);

/*
 * Add the function of @die, a subprogram of @unit, unless it is a declaration or was inlined
 * everywhere. Functions nested in it are pushed to @ret_nested.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_read(struct dwarf_reader *reader, struct dwarf_unit *unit, Dwarf_Die *die,
			struct dwarf_die_stack *ret_nested);

/*
 * Add the symbols that lie in the lines of @unit: of assembler, which has no functions in DWARF.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_function_add_symbols(struct dwarf_reader *reader, struct dwarf_unit *unit);
