/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF line program: runs the instructions of a line table, one row after the other.
 *
 *     struct dwarf_line_program program = dwarf_line_program_start(header);
 *     while (dwarf_line_program_next(&program, &row))
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"

struct dwarf_line_header;

struct dwarf_line_row {
	uint64_t elf_vaddr;
	uint64_t file_i; /* of the header's */
	uint32_t line;   /* or 0 */
	bool is_end;     /* of a sequence: no line from here on */
};

struct dwarf_line_program {
	const struct dwarf_line_header *header; /* borrowed */
	struct byte_cursor bytes;
	struct dwarf_line_row row; /* the registers of the machine */
	uint64_t operation;        /* in the instruction at hand */
	uint64_t const_add_pc;     /* operations that a special opcode of 255 steps */
};

struct dwarf_line_program dwarf_line_program_start(const struct dwarf_line_header *header);

/* Run to the next row. Returns false at the end, and where the bytes make no sense. */
bool dwarf_line_program_next(struct dwarf_line_program *program, struct dwarf_line_row *ret_row);
