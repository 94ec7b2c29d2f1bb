/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_line_program.h"

#include <dwarf.h>

#include "unwind/dwarf_line_header.h"

static const struct dwarf_line_row first_row = { .file_i = 1, .line = 1 };

struct dwarf_line_program dwarf_line_program_start(const struct dwarf_line_header *header)
{
	struct dwarf_line_program program = {
		.header = header,
		.bytes = header->program,
		.row = first_row,
	};

	if (header->line_range)
		program.const_add_pc = (255U - header->opcode_base) / header->line_range;
	return program;
}

static void advance(struct dwarf_line_program *program, uint64_t n_operations)
{
	const struct dwarf_line_header *header = program->header;

	if (header->max_operations > 1) {
		n_operations += program->operation;
		program->operation = n_operations % header->max_operations;
		n_operations /= header->max_operations;
	}
	program->row.elf_vaddr += n_operations * header->min_instruction_bytes;
}

/* Returns whether it makes a row. */
static bool run_extended(struct dwarf_line_program *program)
{
	uint64_t length = byte_cursor_uleb(&program->bytes);
	const uint8_t *operands = byte_cursor_take(&program->bytes, length);
	struct byte_cursor cursor = byte_cursor_at(operands, operands ? length : 0);

	switch (byte_cursor_u8(&cursor)) {
	case DW_LNE_end_sequence:
		program->row.is_end = true;
		return operands != NULL;
	case DW_LNE_set_address:
		/* Of what size it is, its length says; more than 8 bytes are none. */
		if (length >= 2 && length <= 9)
			program->row.elf_vaddr = byte_cursor_number(&cursor, length - 1);
		program->operation = 0;
		return false;
	default:
		return false;
	}
}

static void skip_unknown(struct dwarf_line_program *program, uint8_t opcode)
{
	for (uint8_t i = 0; i < program->header->opcode_lengths[opcode - 1]; i++)
		byte_cursor_uleb(&program->bytes);
}

/* Returns whether it makes a row. */
static bool run_standard(struct dwarf_line_program *program, uint8_t opcode)
{
	struct byte_cursor *bytes = &program->bytes;

	switch (opcode) {
	case DW_LNS_copy:
		return true;
	case DW_LNS_advance_pc:
		advance(program, byte_cursor_uleb(bytes));
		return false;
	case DW_LNS_advance_line:
		program->row.line += (uint32_t)byte_cursor_sleb(bytes);
		return false;
	case DW_LNS_set_file:
		program->row.file_i = byte_cursor_uleb(bytes);
		return false;
	case DW_LNS_const_add_pc:
		advance(program, program->const_add_pc);
		return false;
	case DW_LNS_fixed_advance_pc:
		program->row.elf_vaddr += byte_cursor_number(bytes, 2);
		program->operation = 0;
		return false;
	default:
		/* Columns, statements, blocks: of no interest. */
		skip_unknown(program, opcode);
		return false;
	}
}

/* Returns whether it makes a row. */
static bool run(struct dwarf_line_program *program, uint8_t opcode)
{
	const struct dwarf_line_header *header = program->header;
	uint8_t step;

	if (opcode < header->opcode_base)
		return opcode ? run_standard(program, opcode) : run_extended(program);
	step = (uint8_t)(opcode - header->opcode_base);
	advance(program, step / header->line_range);
	program->row.line += (uint32_t)(header->line_base + step % header->line_range);
	return true;
}

bool dwarf_line_program_next(struct dwarf_line_program *program, struct dwarf_line_row *ret_row)
{
	if (program->row.is_end) {
		program->row = first_row;
		program->operation = 0;
	}
	while (program->bytes.next < program->bytes.end) {
		if (!run(program, *program->bytes.next++))
			continue;
		if (program->bytes.is_bad)
			return false;
		*ret_row = program->row;
		return true;
	}
	return false;
}
