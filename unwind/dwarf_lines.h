/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF lines: the line table of one unit, read once, then cut to functions.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/dwarf_line_header.h"
#include "unwind/symbol_function.h"

struct dwarf_conversion;
struct dwarf_unit;

/* Rows of growing addresses that the unit's compiler wrote one after the other. */
struct dwarf_sequence {
	uint64_t start_vaddr;
	size_t first_row;
	size_t n_rows;
};

struct dwarf_lines {
	struct symbol_row *rows; /* sorted; file 0: no line from here on */
	size_t n_rows;
	size_t capacity;

	struct dwarf_line_header header;
	uint32_t *files; /* of the writer, for each of the header's; UINT32_MAX: not asked for */
	size_t files_capacity;
	struct dwarf_sequence *sequences;
	size_t n_sequences;
	size_t sequences_capacity;
	struct symbol_row *sorted; /* room to sort */
	size_t sorted_capacity;
};

/*
 * Read the lines of @unit into @lines, in place of those that it holds. Rows outside of code are
 * left out: they belong to functions that the linker dropped.
 *
 * Returns 0, -EBADMSG if they do not parse (there are none then), -ENOMEM or -EFBIG.
 */
int dwarf_lines_read(struct dwarf_conversion *conversion, const struct dwarf_unit *unit,
		     struct dwarf_lines *lines);

/* Works on a zeroed struct. */
void dwarf_lines_fini(struct dwarf_lines *lines);

/* The writer's file for number @file_i of the unit's files, 0 if it has none. Returns 0, -ENOMEM or
 * -EFBIG. */
int dwarf_lines_file(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		     uint64_t file_i, uint32_t *ret_file);

/*
 * Put the rows of @range into @ret_rows, in place of those that it holds, without repetitions.
 *
 * Returns 0 or -ENOMEM.
 */
int dwarf_lines_cut(const struct dwarf_lines *lines, struct symbol_range range,
		    struct dwarf_lines *ret_rows);
