/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_line_program.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/dwarf_line_header.h"
#include "unwind/dwarf_unit.h"

/* Opcodes below 13, with as many operands as in DWARF 3 and later. */
static const uint8_t lengths[] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };

/* Run a program of instructions of 1 byte, lines from -3 on in steps of 12, and compare its rows.
 */
static void has_rows(const uint8_t *bytes, size_t size, const struct dwarf_line_row *expected,
		     size_t n)
{
	const struct dwarf_line_header header = {
		.min_instruction_bytes = 1,
		.max_operations = 1,
		.line_base = -3,
		.line_range = 12,
		.opcode_base = 13,
		.opcode_lengths = lengths,
		.program = byte_cursor_at(bytes, size),
	};
	struct dwarf_line_program program = dwarf_line_program_start(&header);
	struct dwarf_line_row row;

	for (size_t i = 0; i < n; i++) {
		assert_true(dwarf_line_program_next(&program, &row));
		assert_int_equal(row.elf_vaddr, expected[i].elf_vaddr);
		assert_int_equal(row.file_i, expected[i].file_i);
		assert_int_equal(row.line, expected[i].line);
		assert_int_equal(row.is_end, expected[i].is_end);
	}
	assert_false(dwarf_line_program_next(&program, &row));
}

static void runs_all_opcodes(void **state)
{
	static const uint8_t bytes[] = {
		0,
		9,
		DW_LNE_set_address,
		0,
		0x10,
		0,
		0,
		0,
		0,
		0,
		0,
		DW_LNS_advance_line,
		9, /* line 10 */
		DW_LNS_set_column,
		5,
		DW_LNS_negate_stmt,
		DW_LNS_set_basic_block,
		DW_LNS_copy,
		13 + 3 + 2 + 12 * 4, /* 4 bytes, 2 lines */
		DW_LNS_set_file,
		2,
		DW_LNS_const_add_pc,
		13 + 0, /* 20 bytes, 3 lines back */
		DW_LNS_fixed_advance_pc,
		0,
		1,
		DW_LNS_advance_pc,
		2,
		0,
		2,
		DW_LNE_set_discriminator,
		7,
		0,
		1,
		DW_LNE_end_sequence,
		DW_LNS_copy, /* all is as it was at first */
	};
	const struct dwarf_line_row expected[] = {
		{ 0x1000, 1, 10, false }, { 0x1004, 1, 12, false }, { 0x1018, 2, 9, false },
		{ 0x111a, 2, 9, true },   { 0, 1, 1, false },
	};

	(void)state;
	has_rows(bytes, sizeof(bytes), expected, ARRAY_SIZE(expected));
}

static void stops_where_bytes_end_early(void **state)
{
	static const uint8_t bytes[] = { DW_LNS_copy, 0, 9, DW_LNE_set_address, 0 };
	static const uint8_t end[] = { 0, 200, DW_LNE_end_sequence };
	const struct dwarf_line_row expected[] = { { 0, 1, 1, false } };

	(void)state;
	has_rows(bytes, sizeof(bytes), expected, 1);
	has_rows(end, sizeof(end), NULL, 0);
}

/* Read a header of DWARF 3 with these tables of directories and files, from a unit in /unit. */
static int read_header(struct dwarf_line_header *header, const void *tables, size_t size)
{
	static const uint8_t parameters[] = {
		1, 1, 0xfd, 12, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
	};
	struct dwarf_sections sections = { .n_released = 0 };
	struct dwarf_unit unit = {
		.address_sections = &sections,
		.sections = &sections,
		.encoding = { 3, 8, 4 },
		.entry.present = 1U << DWARF_COMP_DIR,
		.entry.values[DWARF_COMP_DIR] = { .bytes = (const uint8_t *)"/unit",
						  .form = DW_FORM_string },
	};
	uint32_t header_bytes = (uint32_t)(sizeof(parameters) + size), length = header_bytes + 6;
	uint16_t version = 3;
	struct buffer line = { 0 };
	int r;

	buffer_append(&line, &length, sizeof(length));
	buffer_append(&line, &version, sizeof(version));
	buffer_append(&line, &header_bytes, sizeof(header_bytes));
	buffer_append(&line, parameters, sizeof(parameters));
	buffer_append(&line, tables, size);
	sections.contents[DWARF_SECTION_LINE] =
		(struct elf_content){ .bytes = (const uint8_t *)line.data, .size = line.size };
	r = dwarf_line_header_read(header, &unit, 0);
	if (r == 0) {
		struct buffer path = { 0 };
		static const char *const expected[] = {
			"", "/unit/a.c", "/usr/b.c", "/unit/sub/c.c", "/d.c", "/unit/e.c", ""
		};

		for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
			dwarf_line_header_path(header, i, &path);
			assert_string_equal(path.data, expected[i]);
		}
		buffer_fini(&path);
	}
	buffer_fini(&line);
	return r;
}

static void joins_paths_of_files_from_their_directories(void **state)
{
	static const char tables[] = "/usr\0sub\0\0"
				     "a.c\0\0\0\0"
				     "b.c\0\1\0\0"
				     "c.c\0\2\0\0"
				     "/d.c\0\1\0\0"
				     "e.c\0\7\0\0"; /* and the end */
	struct dwarf_line_header header = { 0 };

	(void)state;
	assert_int_equal(read_header(&header, tables, sizeof(tables)), 0);
	dwarf_line_header_fini(&header);
}

static void refuses_a_header_that_does_not_end(void **state)
{
	static const char tables[] = "/usr\0sub\0\0a.c";
	struct dwarf_line_header header = { 0 };

	(void)state;
	assert_true(read_header(&header, tables, sizeof(tables) - 1) < 0);
	assert_int_equal(header.n_files, 0);
	dwarf_line_header_fini(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_all_opcodes),
		cmocka_unit_test(stops_where_bytes_end_early),
		cmocka_unit_test(joins_paths_of_files_from_their_directories),
		cmocka_unit_test(refuses_a_header_that_does_not_end),
	};

	return cmocka_run_group_tests_name("DWARF line programs", tests, NULL, NULL);
}
