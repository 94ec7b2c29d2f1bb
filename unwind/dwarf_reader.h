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

#include <elfutils/libdw.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "unwind/number_map.h"

struct elf_file;
struct symbol_build_report;
struct symbol_file_writer;
struct symbol_table;

/* What a conversion works with. The first five are set by the caller and borrowed. */
struct dwarf_reader {
	const struct elf_file *file;
	const struct symbol_table *symbols;
	const struct symbol_table *pieces; /* the same, cut */
	struct symbol_file_writer *writer;
	struct symbol_build_report *report;

	struct number_map starts; /* of functions that were added: their name, 0 for @pieces */

	Dwarf *dwarf;
	const char *compile_directory; /* of the unit at hand, or NULL */
	struct buffer path;            /* room to join one */
	struct number_map names;       /* of abstract functions, by the offset of their entry */
	struct number_map files;       /* of the writer, by libdw's pointer to the path */
};

/*
 * Add all functions of the debug information to the writer.
 *
 * Returns 0, -ENODATA if there is no DWARF, -ENOMEM, or -EFBIG from the writer.
 */
int dwarf_reader_run(struct dwarf_reader *reader);

/* Works on a zeroed struct. */
void dwarf_reader_fini(struct dwarf_reader *reader);
