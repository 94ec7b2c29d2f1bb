/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF reader: debug information → functions with lines and inlined functions.
 *
 *     unit  --dwarf_lines_read-->  rows of the unit
 *      └ subprogram  --dwarf_function_read-->  a function for each range, to the writer
 *          └ inlined subroutines  --dwarf_inlines_read-->  a tree, cut to each range
 *
 * libdw is the parser and nothing else: its look-ups cost milliseconds each, and they lose what
 * clang and rustc write. Every entry is visited once, in order, and never again. Bytes are foreign:
 * what does not parse is passed over and counted.
 */

struct dwarf_conversion;

/*
 * Add all functions of the debug information to the writer.
 *
 * Returns 0, -ENODATA if there is no DWARF, -ENOMEM, or -EFBIG from the writer.
 */
int dwarf_reader_run(struct dwarf_conversion *conversion);
