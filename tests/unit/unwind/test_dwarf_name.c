/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_name.h"

#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/debug_files.h"
#include "unwind/dwarf_reader.h"
#include "unwind/elf_file.h"

/* In DWARF 4: a unit; a function with code, which refers to another entry; one that only refers;
 * one with a name. Offsets are those of a reference in the unit. */
static const uint8_t abbrevs[] = {
	/* clang-format off */
	1, DW_TAG_compile_unit, DW_CHILDREN_yes, 0, 0,
	2, DW_TAG_subprogram, DW_CHILDREN_no, DW_AT_low_pc, DW_FORM_addr, DW_AT_high_pc, DW_FORM_data1,
	DW_AT_abstract_origin, DW_FORM_ref1, 0, 0,
	3, DW_TAG_subprogram, DW_CHILDREN_no, DW_AT_specification, DW_FORM_ref1, 0, 0,
	4, DW_TAG_subprogram, DW_CHILDREN_no, DW_AT_name, DW_FORM_string, 0, 0,
	0,
	/* clang-format on */
};

#define FUNCTION_OFF 12 /* of the function with code */
#define FIRST_OFF    23 /* of what follows it */
#define SECOND_OFF   25
#define CODE_VADDR   (BUILT_VADDR + 16)

static void append_number(struct buffer *info, uint64_t number, size_t n_bytes)
{
	buffer_append(info, &number, n_bytes);
}

/* A unit whose function refers to @origin_off, with the entries @others behind it. */
static void append_unit(struct buffer *info, uint8_t origin_off, const void *others, size_t size)
{
	append_number(info, 7 + 1 + 11 + size + 1, 4);
	append_number(info, 4, 2);
	append_number(info, 0, 4); /* of the abbreviations */
	append_number(info, 8, 1);
	append_number(info, 1, 1);
	append_number(info, 2, 1);
	append_number(info, CODE_VADDR, 8);
	append_number(info, 4, 1);
	append_number(info, origin_off, 1);
	buffer_append(info, others, size);
	append_number(info, 0, 1);
}

/* What comes of such debug information: -errno, and how much is lost of it. */
static int build_info(const struct buffer *info, struct symbol_build_report *ret_report)
{
	struct buffer elf = { 0 }, bytes = { 0 };
	struct built_section sections[] = {
		{ .name = ".debug_info", .bytes = info->data, .size = info->size },
		{ .name = ".debug_abbrev", .bytes = abbrevs, .size = sizeof(abbrevs) },
	};
	struct elf_file *file;
	int fd, r;

	elf_build(&elf, EM_X86_64, sections, ARRAY_SIZE(sections), true);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	r = symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_LINES, &bytes,
			      ret_report);
	if (r == 0)
		assert_non_null(memmem(bytes.data, bytes.size, "found", sizeof("found")));
	elf_file_free(file);
	close(fd);
	buffer_fini(&elf);
	buffer_fini(&bytes);
	return r;
}

/* The same of one unit: how many names are lost. */
static int build(uint8_t origin_off, const void *others, size_t size, uint32_t *ret_lost_names)
{
	struct symbol_build_report report = { 0 };
	struct buffer info = { 0 };
	int r;

	append_unit(&info, origin_off, others, size);
	r = build_info(&info, &report);
	*ret_lost_names = report.losses[SYMBOL_LOSS_NAME];
	buffer_fini(&info);
	return r;
}

static void follows_references_to_a_name(void **state)
{
	static const uint8_t others[] = { 3, SECOND_OFF, 4, 'f', 'o', 'u', 'n', 'd', 0 };
	uint32_t n_lost;

	(void)state;
	assert_int_equal(build(FIRST_OFF, others, sizeof(others), &n_lost), 0);
	assert_int_equal(n_lost, 0);
	assert_int_equal(build(SECOND_OFF, others, sizeof(others), &n_lost), 0);
	assert_int_equal(n_lost, 0);
}

static void goes_in_no_circle(void **state)
{
	static const uint8_t circle[] = { 3, SECOND_OFF, 3, FIRST_OFF };
	uint32_t n_lost;

	(void)state;
	assert_int_equal(build(FIRST_OFF, circle, sizeof(circle), &n_lost), -ENODATA);
	/* The function is its own origin. */
	assert_int_equal(build(FUNCTION_OFF, circle, sizeof(circle), &n_lost), -ENODATA);
}

static void refers_to_nothing_outside_of_the_section(void **state)
{
	static const uint8_t others[] = { 3, 255 };
	uint32_t n_lost;

	(void)state;
	assert_int_equal(build(FIRST_OFF, others, sizeof(others), &n_lost), -ENODATA);
	assert_int_equal(build(0, others, sizeof(others), &n_lost), -ENODATA);
	assert_int_equal(build(255, others, sizeof(others), &n_lost), -ENODATA);
}

/* Four bytes of zeros are the smallest unit, which makes no sense. */
static void ends_where_nothing_makes_sense(void **state)
{
	static const uint8_t others[] = { 4, 'f', 'o', 'u', 'n', 'd', 0 };
	struct symbol_build_report report = { 0 };
	struct buffer info = { 0 };

	(void)state;
	append_unit(&info, FIRST_OFF, others, sizeof(others));
	for (int i = 0; i < 2 * DWARF_MAX_BAD_UNITS; i++)
		append_number(&info, 0, 4);
	assert_int_equal(build_info(&info, &report), 0);
	assert_int_equal(report.losses[SYMBOL_LOSS_UNIT], DWARF_MAX_BAD_UNITS);
	buffer_fini(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_references_to_a_name),
		cmocka_unit_test(goes_in_no_circle),
		cmocka_unit_test(refers_to_nothing_outside_of_the_section),
		cmocka_unit_test(ends_where_nothing_makes_sense),
	};

	return cmocka_run_group_tests_name("DWARF names", tests, NULL, NULL);
}
