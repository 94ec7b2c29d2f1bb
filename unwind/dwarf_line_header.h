/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF line header: what stands in front of a line number program: its files and its parameters.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"

struct buffer;
struct dwarf_unit;

/* Strings are borrowed from their sections. */
struct dwarf_line_file {
	const char *name; /* NULL if it does not say */
	uint64_t directory_i;
};

struct dwarf_line_header {
	uint16_t version; /* 2 to 5 */
	uint8_t address_bytes;
	uint8_t min_instruction_bytes;
	uint8_t max_operations; /* in one instruction; 1, but for VLIW */
	int8_t line_base;
	uint8_t line_range;
	uint8_t opcode_base;
	const uint8_t *opcode_lengths; /* operands of the opcodes from 1 to below opcode_base */
	struct byte_cursor program;

	const char *
		*directories; /* numbered from 0, which is the compile directory; each or NULL */
	size_t n_directories;
	size_t directories_capacity;
	struct dwarf_line_file *files; /* numbered as in the program: before DWARF 5 from 1 */
	size_t n_files;
	size_t files_capacity;
};

/*
 * Read the header at @offset of .debug_line into @header, in place of what it holds. @unit tells
 * where strings are.
 *
 * Returns 0, -EBADMSG (it has no files and no program then), or -ENOMEM.
 */
int dwarf_line_header_read(struct dwarf_line_header *header, const struct dwarf_unit *unit,
			   uint64_t offset);

/* Works on a zeroed struct. */
void dwarf_line_header_fini(struct dwarf_line_header *header);

/* Put the path of file @file_i, terminated, in place of what @path holds: nothing if there is no
 * such file. */
void dwarf_line_header_path(const struct dwarf_line_header *header, uint64_t file_i,
			    struct buffer *path);
