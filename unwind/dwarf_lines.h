/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF lines: the line table of one unit, read once, then cut to functions.
 */

#include <elfutils/libdw.h>
#include <stddef.h>

#include "unwind/symbol_function.h"

struct dwarf_conversion;

struct dwarf_lines {
	struct symbol_row *rows; /* sorted; file 0: no line from here on */
	size_t n_rows;
	size_t capacity;
};

/*
 * Read the lines of @unit into @lines, in place of those that it holds. Rows outside of code are
 * left out: they belong to functions that the linker dropped.
 *
 * Returns 0, -EBADMSG if they do not parse (there are none then), -ENOMEM or -EFBIG.
 */
int dwarf_lines_read(struct dwarf_conversion *conversion, Dwarf_Die *unit,
		     struct dwarf_lines *lines);

/* Works on a zeroed struct. */
void dwarf_lines_fini(struct dwarf_lines *lines);

/*
 * Put the rows of @range into @ret_rows, in place of those that it holds, without repetitions.
 *
 * Returns 0 or -ENOMEM.
 */
int dwarf_lines_cut(const struct dwarf_lines *lines, struct symbol_range range,
		    struct dwarf_lines *ret_rows);
