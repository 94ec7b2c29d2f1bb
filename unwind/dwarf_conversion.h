/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF conversion: what all readers of debug information share while one file is converted.
 */

#include <elfutils/libdw.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "unwind/number_map.h"

struct elf_file;
struct symbol_build_report;
struct symbol_file_writer;
struct symbol_table;

/* The first five are set by the caller and borrowed. */
struct dwarf_conversion {
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

/* Works on a zeroed struct. */
void dwarf_conversion_fini(struct dwarf_conversion *conversion);
