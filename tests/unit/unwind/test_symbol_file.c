/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/symbol_file_format.h"
#include "unwind/symbol_file_writer.h"

/*
 * Three functions: "outer" at 0x1000 with "middle" and in it "inner" inlined, "plain" without
 * lines at 0x2000, and "filler", a symbol from 0x1080 to 0x2100.
 */
struct names {
	uint32_t outer, middle, inner, plain, filler;
	uint32_t a_c, b_h;
};

static uint32_t add_name(struct symbol_file_writer *writer, const char *name)
{
	uint32_t string;

	assert_int_equal(symbol_file_writer_add_string(writer, name, strlen(name), &string), 0);
	return string;
}

static struct names add_names(struct symbol_file_writer *writer)
{
	struct names names = {
		.outer = add_name(writer, "outer"),
		.middle = add_name(writer, "middle"),
		.inner = add_name(writer, "inner"),
		.plain = add_name(writer, "plain"),
		.filler = add_name(writer, "filler"),
	};

	assert_int_equal(symbol_file_writer_add_file(writer, "/src/a.c", &names.a_c), 0);
	assert_int_equal(symbol_file_writer_add_file(writer, "/include//b.h", &names.b_h), 0);
	return names;
}

static void add_outer(struct symbol_file_writer *writer, const struct names *names)
{
	const struct symbol_row rows[] = {
		{ 0x1000, names->a_c, 10 }, { 0x1004, names->b_h, 500 }, { 0x1020, names->b_h, 3 },
		{ 0x1030, names->b_h, 0 },  { 0x1040, names->a_c, 12 },
	};
	const struct symbol_range middle[] = { { 0x1010, 0x1040 }, { 0x1050, 0x1060 } };
	const struct symbol_range inner[] = { { 0x1020, 0x1030 }, { 0x1050, 0x1051 } };
	const struct symbol_inline inlines[] = {
		{ 1, names->middle, names->a_c, 11, 2, middle },
		{ 2, names->inner, names->b_h, 77, 2, inner },
	};
	const struct symbol_function outer = {
		.range = { 0x1000, 0x1100 },
		.name = names->outer,
		.rows = rows,
		.n_rows = ARRAY_SIZE(rows),
		.inlines = inlines,
		.n_inlines = ARRAY_SIZE(inlines),
	};

	assert_int_equal(symbol_file_writer_add_function(writer, &outer), 0);
}

static void write_sample(struct buffer *bytes, struct symbol_build_report *report)
{
	struct symbol_file_writer *writer;
	struct names names;

	assert_int_equal(symbol_file_writer_new(&writer), 0);
	names = add_names(writer);
	const struct symbol_function plain = { .range = { 0x2000, 0x2080 }, .name = names.plain };
	const struct symbol_function filler = { .range = { 0x1080, 0x2100 },
						.name = names.filler,
						.fills_gaps = true };

	assert_int_equal(symbol_file_writer_add_function(writer, &filler), 0);
	assert_int_equal(symbol_file_writer_add_function(writer, &plain), 0);
	add_outer(writer, &names);
	assert_int_equal(symbol_file_writer_finish(writer, NULL, bytes, report), 0);
	symbol_file_writer_free(writer);
}

static struct symbol_file *map_sample(void)
{
	struct symbol_build_report report = { 0 };
	struct buffer bytes = { 0 };
	struct symbol_file *file;
	int fd;

	write_sample(&bytes, &report);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &file), 0);
	close(fd);
	buffer_fini(&bytes);
	return file;
}

static void answers(const struct symbol_file *file, uint64_t elf_vaddr, const char *expected)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	size_t n = symbol_file_find(file, elf_vaddr, frames, ARRAY_SIZE(frames));
	struct buffer text = { 0 };

	for (size_t i = 0; i < n; i++)
		buffer_printf(&text, "%s%s %s/%s:%u", i ? " < " : "", frames[i].function,
			      frames[i].directory, frames[i].filename, frames[i].line);
	buffer_append_char(&text, '\0');
	assert_string_equal(text.data, expected);
	buffer_fini(&text);
}

static void finds_functions_lines_and_inlined_functions(void **state)
{
	struct symbol_file *file = map_sample();

	(void)state;
	answers(file, 0x1000, "outer /src/a.c:10");
	answers(file, 0x1003, "outer /src/a.c:10");
	answers(file, 0x1004, "outer /include/b.h:500");
	answers(file, 0x1010, "middle /include/b.h:500 < outer /src/a.c:11");
	answers(file, 0x1025, "inner /include/b.h:3 < middle /include/b.h:77 < outer /src/a.c:11");
	answers(file, 0x1030, "middle /include/b.h:0 < outer /src/a.c:11");
	answers(file, 0x1050, "inner /src/a.c:12 < middle /include/b.h:77 < outer /src/a.c:11");
	answers(file, 0x10ff, "outer /src/a.c:12");
	symbol_file_free(file);
}

static void tells_the_first_line_of_the_function(void **state)
{
	struct symbol_file *file = map_sample();
	struct symbol_frame frames[4];

	(void)state;
	assert_int_equal(symbol_file_find(file, 0x1025, frames, ARRAY_SIZE(frames)), 3);
	assert_int_equal(frames[0].start_line, 0);
	assert_int_equal(frames[2].start_line, 10);
	symbol_file_free(file);
}

static void gives_the_innermost_frames_if_there_is_little_room(void **state)
{
	struct symbol_file *file = map_sample();
	struct symbol_frame frames[4];

	(void)state;
	assert_int_equal(symbol_file_find(file, 0x1025, frames, 1), 1);
	assert_string_equal(frames[0].function, "inner");
	assert_int_equal(symbol_file_find(file, 0x1025, frames, 0), 0);
	symbol_file_free(file);
}

static void symbols_name_what_lies_between_functions(void **state)
{
	struct symbol_file *file = map_sample();

	(void)state;
	answers(file, 0x1100, "filler /:0");
	answers(file, 0x1fff, "filler /:0");
	answers(file, 0x2000, "plain /:0");
	answers(file, 0x2080, "filler /:0");
	assert_int_equal(symbol_file_function_count(file), 4);
	symbol_file_free(file);
}

static void names_nothing_outside_of_functions(void **state)
{
	struct symbol_file *file = map_sample();

	(void)state;
	answers(file, 0, "");
	answers(file, 0xfff, "");
	answers(file, 0x2100, "");
	answers(file, UINT64_MAX, "");
	symbol_file_free(file);
}

static void refuses_a_file_that_is_cut_short(void **state)
{
	struct symbol_build_report report = { 0 };
	struct buffer bytes = { 0 };
	struct symbol_file *file = NULL;

	(void)state;
	write_sample(&bytes, &report);
	assert_int_equal(report.n_functions, 4);
	assert_int_equal(report.n_with_lines, 1);
	for (size_t size = 0; size < bytes.size; size++) {
		int fd = fixture_memfd(bytes.data, size);
		int r = symbol_file_map(fd, &file);

		/* The tables are there, but records may be missing: then, they have no name. */
		if (r == 0)
			answers(file, 0x2100, "");
		else
			assert_int_equal(r, -EBADMSG);
		file = r == 0 ? symbol_file_free(file) : NULL;
		close(fd);
	}
	buffer_fini(&bytes);
}

static void survives_any_damaged_byte(void **state)
{
	struct symbol_build_report report = { 0 };
	struct buffer bytes = { 0 };
	struct symbol_frame frames[SYMBOL_MAX_INLINE];

	(void)state;
	write_sample(&bytes, &report);
	for (size_t i = 0; i < bytes.size; i++) {
		struct symbol_file *file;
		char right = bytes.data[i];
		int fd;

		bytes.data[i] = (char)(right ^ 0xff);
		fd = fixture_memfd(bytes.data, bytes.size);
		bytes.data[i] = right;
		if (symbol_file_map(fd, &file) == 0) {
			for (uint64_t vaddr = 0xff0; vaddr < 0x2110; vaddr += 7)
				symbol_file_find(file, vaddr, frames, ARRAY_SIZE(frames));
			symbol_file_free(file);
		}
		close(fd);
	}
	buffer_fini(&bytes);
}

static void a_later_function_ends_one_that_reaches_into_it(void **state)
{
	struct symbol_build_report report = { 0 };
	struct symbol_file_writer *writer;
	struct buffer bytes = { 0 };
	struct symbol_file *file;
	int fd;

	(void)state;
	assert_int_equal(symbol_file_writer_new(&writer), 0);
	const struct symbol_function long_one = { .range = { 0x1000, 0x1100 },
						  .name = add_name(writer, "long") };
	const struct symbol_function inside = { .range = { 0x1080, 0x1090 },
						.name = add_name(writer, "inside") };

	assert_int_equal(symbol_file_writer_add_function(writer, &inside), 0);
	assert_int_equal(symbol_file_writer_add_function(writer, &long_one), 0);
	assert_int_equal(symbol_file_writer_finish(writer, NULL, &bytes, &report), 0);
	assert_int_equal(report.n_dropped_ranges, 1);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &file), 0);
	answers(file, 0x107f, "long /:0");
	answers(file, 0x1080, "inside /:0");
	answers(file, 0x1090, "");
	symbol_file_free(file);
	symbol_file_writer_free(writer);
	buffer_fini(&bytes);
	close(fd);
}

/* Row i is line 100 + i; each third one is "inner", called from line 5. */
#define LARGE_ROWS 900
#define ROW_BYTES  8

static void add_large(struct symbol_file_writer *writer, uint64_t start_vaddr, const char *name)
{
	static struct symbol_row rows[LARGE_ROWS];
	static struct symbol_range ranges[LARGE_ROWS / 3];
	static struct symbol_inline inlines[LARGE_ROWS / 3];
	struct names names = add_names(writer);
	const struct symbol_function large = {
		.range = { start_vaddr, start_vaddr + LARGE_ROWS * ROW_BYTES },
		.name = add_name(writer, name),
		.rows = rows,
		.n_rows = LARGE_ROWS,
		.inlines = inlines,
		.n_inlines = LARGE_ROWS / 3,
	};

	for (uint32_t i = 0; i < LARGE_ROWS; i++)
		rows[i] = (struct symbol_row){ start_vaddr + i * ROW_BYTES, names.b_h, 100 + i };
	for (uint32_t i = 0; i < LARGE_ROWS / 3; i++) {
		uint64_t row_vaddr = rows[i * 3].elf_vaddr;

		ranges[i] = (struct symbol_range){ row_vaddr, row_vaddr + ROW_BYTES };
		inlines[i] = (struct symbol_inline){ 1, names.inner, names.a_c, 5, 1, &ranges[i] };
	}
	assert_int_equal(symbol_file_writer_add_function(writer, &large), 0);
}

static struct symbol_file *map_large(uint64_t second_vaddr, struct symbol_build_report *report)
{
	struct symbol_file_writer *writer;
	struct buffer bytes = { 0 };
	struct symbol_file *file;
	int fd;

	assert_int_equal(symbol_file_writer_new(&writer), 0);
	add_large(writer, 0x10000, "first");
	add_large(writer, second_vaddr, "second");
	assert_int_equal(symbol_file_writer_finish(writer, NULL, &bytes, report), 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &file), 0);
	close(fd);
	buffer_fini(&bytes);
	symbol_file_writer_free(writer);
	return file;
}

static void large_answers(const struct symbol_file *file, uint64_t start_vaddr, uint32_t row,
			  const char *name)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	size_t n = symbol_file_find(file, start_vaddr + row * ROW_BYTES + row % ROW_BYTES, frames,
				    ARRAY_SIZE(frames));

	assert_int_equal(n, row % 3 == 0 ? 2 : 1);
	assert_int_equal(frames[0].line, 100 + row);
	assert_string_equal(frames[n - 1].function, name);
	assert_int_equal(frames[n - 1].start_line, 100);
	if (n == 2)
		assert_int_equal(frames[1].line, 5);
}

static void a_large_function_is_several_records_and_one_function(void **state)
{
	struct symbol_build_report report = { 0 };
	struct symbol_file *file = map_large(0x20000, &report);

	(void)state;
	assert_int_equal(report.n_functions, 2);
	assert_true(symbol_file_function_count(file) > 8);
	for (uint32_t row = 0; row < LARGE_ROWS; row++) {
		large_answers(file, 0x10000, row, "first");
		large_answers(file, 0x20000, row, "second");
	}
	symbol_file_free(file);
}

/* Of the records of a function, only the first has its name. */
static void find_by_name(const struct symbol_file *file, const char *name,
			 struct code_range *ret_range)
{
	uint32_t n = symbol_file_function_count(file), n_found = 0;
	const char *found;

	for (uint32_t i = 0; i < n; i++)
		if (symbol_file_get_name(file, i, &found) && strcmp(found, name) == 0) {
			assert_true(symbol_file_get_range(file, i, ret_range));
			n_found++;
		}
	assert_int_equal(n_found, 1);
}

static void a_function_is_found_whole_by_address_and_by_name(void **state)
{
	struct symbol_build_report report = { 0 };
	struct symbol_file *file = map_large(0x20000, &report);
	const uint64_t end_vaddr = 0x10000 + LARGE_ROWS * ROW_BYTES;
	struct code_range range;

	(void)state;
	for (uint64_t vaddr = 0x10000; vaddr < end_vaddr; vaddr += 100) {
		assert_true(symbol_file_find_function(file, vaddr, &range));
		assert_int_equal(range.start_vaddr, 0x10000);
		assert_int_equal(range.end_vaddr, end_vaddr);
	}
	assert_false(symbol_file_find_function(file, end_vaddr, &range));
	assert_false(symbol_file_find_function(file, 0, &range));
	find_by_name(file, "second", &range);
	assert_int_equal(range.start_vaddr, 0x20000);
	symbol_file_free(file);
}

static void knows_its_source_files_by_their_whole_path(void **state)
{
	struct symbol_file *file = map_sample();

	(void)state;
	assert_true(symbol_file_has_source(file, "/src/a.c"));
	assert_true(symbol_file_has_source(file, "/include/b.h"));
	assert_false(symbol_file_has_source(file, "a.c"));
	assert_false(symbol_file_has_source(file, "/src/a.cc"));
	assert_false(symbol_file_has_source(file, "/src"));
	assert_false(symbol_file_has_source(file, ""));
	symbol_file_free(file);
}

static void a_large_function_that_is_cut_keeps_what_is_before(void **state)
{
	struct symbol_build_report report = { 0 };
	uint64_t second_vaddr = 0x10000 + 500 * ROW_BYTES;
	struct symbol_file *file = map_large(second_vaddr, &report);

	(void)state;
	assert_int_equal(report.n_dropped_ranges, 1);
	for (uint32_t row = 0; row < 500; row++)
		large_answers(file, 0x10000, row, "first");
	for (uint32_t row = 0; row < LARGE_ROWS; row++)
		large_answers(file, second_vaddr, row, "second");
	symbol_file_free(file);
}

static void a_file_without_functions_is_none(void **state)
{
	struct symbol_build_report report = { 0 };
	struct symbol_file_writer *writer;
	struct buffer bytes = { 0 };

	(void)state;
	assert_int_equal(symbol_file_writer_new(&writer), 0);
	assert_int_equal(symbol_file_writer_finish(writer, NULL, &bytes, &report), -ENODATA);
	assert_int_equal(bytes.size, 0);
	symbol_file_writer_free(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_functions_lines_and_inlined_functions),
		cmocka_unit_test(tells_the_first_line_of_the_function),
		cmocka_unit_test(gives_the_innermost_frames_if_there_is_little_room),
		cmocka_unit_test(symbols_name_what_lies_between_functions),
		cmocka_unit_test(names_nothing_outside_of_functions),
		cmocka_unit_test(refuses_a_file_that_is_cut_short),
		cmocka_unit_test(survives_any_damaged_byte),
		cmocka_unit_test(a_later_function_ends_one_that_reaches_into_it),
		cmocka_unit_test(a_large_function_is_several_records_and_one_function),
		cmocka_unit_test(a_large_function_that_is_cut_keeps_what_is_before),
		cmocka_unit_test(a_function_is_found_whole_by_address_and_by_name),
		cmocka_unit_test(knows_its_source_files_by_their_whole_path),
		cmocka_unit_test(a_file_without_functions_is_none),
	};

	return cmocka_run_group_tests_name("symbol file", tests, NULL, NULL);
}
