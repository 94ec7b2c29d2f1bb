/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF reader: debug information → functions with lines and inlined functions.
 *
 *     unit  --dwarf_lines_read-->  rows of the unit
 *      └ subprogram  --dwarf_function_read-->  a function for each range, to the writer
 *          └ inlined subroutines  --dwarf_inlines_read-->  a tree, cut to each range
 *
 * Every entry is visited once, in the order in which they are written, but for functions that are
 * nested in others, which are read after those. Bytes are foreign: what does not parse is passed
 * over and counted.
 */

/* After so many units that make no sense, no other is looked for: the smallest is of four bytes,
 * and the section may be of gigabytes. */
#define DWARF_MAX_BAD_UNITS 1000

struct dwarf_conversion;

/*
 * Add all functions of the debug information to the writer.
 *
 * Returns 0, -ENODATA if there is no DWARF, -ENOMEM, or -EFBIG from the writer.
 */
int dwarf_reader_run(struct dwarf_conversion *conversion);
