/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF conversion: what all readers of debug information share while one file is converted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "unwind/dwarf_sections.h"
#include "unwind/dwarf_split.h"
#include "unwind/dwarf_unit_index.h"
#include "unwind/number_map.h"

struct debug_files;
struct dwarf_unit;
struct symbol_build_report;
struct symbol_file_writer;
struct symbol_table;

/* The first six are set by the caller; pointers are borrowed. */
struct dwarf_conversion {
	const struct debug_files *files;
	const struct symbol_table *symbols;
	const struct symbol_table *pieces; /* the same, cut */
	struct symbol_file_writer *writer;
	struct symbol_build_report *report;
	bool skips_go; /* units of Go are known better (unwind/go_function.h) */

	struct number_map starts; /* of functions that were added: their name, 0 for @pieces */

	struct dwarf_sections sections, alternate_sections;
	struct dwarf_unit_index units, alternate_units; /* of the same */
	struct dwarf_split split;

	const struct dwarf_unit *unit; /* at hand */
	struct number_map names;       /* of functions in it, and of others, by their entry */
	struct number_map strings;     /* of the writer, by offset in the section of strings */
	struct buffer path;            /* room to join one */
};

/* Works on a zeroed struct. */
void dwarf_conversion_fini(struct dwarf_conversion *conversion);
