/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: the program made from fixtures/labels.S, then others.
 */
#include "unwind/symbol_glance.h"

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
#include "profiler/base/cleanup.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_section.h"
#include "unwind/symbol_table.h"

DEFINE_CLEANUP(struct elf_file *, elf_file_free)
DEFINE_CLEANUP(struct symbol_file *, symbol_file_free)

/* Of an unsized symbol a glance knows nothing. */
#define RANK_SIZED 1

static char **programs;
static int n_programs;

static struct elf_file *open_program(const char *path, int *ret_fd)
{
	struct elf_file *file;

	*ret_fd = fixture_open(path);
	assert_int_equal(elf_file_open(*ret_fd, &file), 0);
	return file;
}

static uint64_t file_off_of(struct elf_file *file, uint64_t elf_vaddr)
{
	const struct elf_description *description = elf_file_describe(file);

	for (uint32_t i = 0; i < description->n_segments; i++)
		if (elf_vaddr - description->segments[i].elf_vaddr <
		    description->segments[i].size_bytes)
			return description->segments[i].file_off +
			       (elf_vaddr - description->segments[i].elf_vaddr);
	fail_msg("the address is in no segment");
	return 0;
}

/* The symbol file of what is at @n addresses. Owned by the caller; NULL if nothing is known. */
static struct symbol_file *glance_at(struct elf_file *file, const uint64_t *vaddrs, size_t n)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	uint64_t file_offs[2 * SYMBOL_GLANCE_MAX_PLACES];
	_cleanup_(closep) int fd = -1;
	struct symbol_file *symbols;
	int r;

	assert_true(n <= ARRAY_SIZE(file_offs));
	for (size_t i = 0; i < n; i++)
		file_offs[i] = file_off_of(file, vaddrs[i]);
	r = symbol_glance_build(&(struct debug_files){ .binary = file }, file_offs, n, &bytes);
	if (r == -ENODATA)
		return NULL;
	assert_int_equal(r, 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &symbols), 0);
	return symbols;
}

/* The outermost function, or NULL. */
static const char *name_at(const struct symbol_file *symbols, uint64_t elf_vaddr)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	size_t n = symbols ? symbol_file_find(symbols, elf_vaddr, frames, ARRAY_SIZE(frames)) : 0;

	return n ? frames[n - 1].function : NULL;
}

static void read_symbols(struct elf_file *file, struct symbol_table *ret_pieces)
{
	struct symbol_sections sections = { 0 };
	struct symbol_table table = { 0 };

	assert_int_equal(symbol_sections_open(&(struct debug_files){ .binary = file }, &sections),
			 0);
	assert_int_equal(symbol_table_read(&sections, &table), 0);
	assert_int_equal(symbol_table_cut(&table, ret_pieces), 0);
	symbol_table_fini(&table);
	symbol_sections_fini(&sections);
}

/* Ask for the first and the last byte of @n pieces of functions. */
static void compare(struct elf_file *file, const struct symbol *pieces, size_t n,
		    const struct symbol_file *whole)
{
	_cleanup_(symbol_file_freep) struct symbol_file *symbols = NULL;
	uint64_t vaddrs[SYMBOL_GLANCE_MAX_PLACES];
	const char *name;

	for (size_t i = 0; i < 2 * n; i++)
		vaddrs[i] = i % 2 ? pieces[i / 2].end_vaddr - 1 : pieces[i / 2].start_vaddr;
	symbols = glance_at(file, vaddrs, 2 * n);
	for (size_t i = 0; i < 2 * n; i++) {
		name = name_at(symbols, vaddrs[i]);
		if (pieces[i / 2].rank & RANK_SIZED)
			assert_string_equal(name, name_at(whole, vaddrs[i]));
		else
			assert_null(name);
	}
}

static void says_of_each_place_what_all_symbols_say(void **state)
{
	const size_t at_once = SYMBOL_GLANCE_MAX_PLACES / 2;

	(void)state;
	for (int i = 0; i < n_programs; i++) {
		_cleanup_(symbol_file_freep) struct symbol_file *whole = NULL;
		_cleanup_(elf_file_freep) struct elf_file *file = NULL;
		struct symbol_build_report report;
		struct symbol_table pieces = { 0 };
		_cleanup_(closep) int fd = -1;

		whole = fixture_symbol_file(programs[i], SYMBOL_FUNCTIONS, &report);
		file = open_program(programs[i], &fd);
		read_symbols(file, &pieces);
		assert_true(pieces.n_symbols > 3);
		for (size_t k = 0; k < pieces.n_symbols; k += at_once)
			compare(file, &pieces.symbols[k],
				pieces.n_symbols - k < at_once ? pieces.n_symbols - k : at_once,
				whole);
		symbol_table_fini(&pieces);
	}
}

static void knows_nothing_of_what_lies_beside(void **state)
{
	_cleanup_(symbol_file_freep) struct symbol_file *symbols = NULL;
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;
	uint64_t sized_vaddr = fixture_function_vaddr(programs[0], "sized");
	_cleanup_(closep) int fd = -1;

	(void)state;
	file = open_program(programs[0], &fd);
	symbols = glance_at(file, (uint64_t[]){ sized_vaddr + 1 }, 1);
	assert_null(name_at(symbols, sized_vaddr));
	assert_string_equal(name_at(symbols, sized_vaddr + 1), "sized");
	assert_null(name_at(symbols, sized_vaddr + 2));
}

static void makes_no_file_where_no_name_is_known(void **state)
{
	uint64_t unsized_vaddr = fixture_function_vaddr(programs[0], "unsized");
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct debug_files files;
	_cleanup_(closep) int fd = -1;

	(void)state;
	file = open_program(programs[0], &fd);
	files = (struct debug_files){ .binary = file };
	assert_null(glance_at(file, &unsized_vaddr, 1));
	assert_int_equal(symbol_glance_build(&files, NULL, 0, &bytes), -ENODATA);
	assert_int_equal(symbol_glance_build(&files, (uint64_t[]){ UINT64_MAX }, 1, &bytes),
			 -ENODATA);
	assert_int_equal(bytes.size, 0);
}

static void takes_the_first_of_too_many_places(void **state)
{
	_cleanup_(symbol_file_freep) struct symbol_file *symbols = NULL;
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;
	uint64_t sized_vaddr = fixture_function_vaddr(programs[0], "sized");
	uint64_t vaddrs[SYMBOL_GLANCE_MAX_PLACES + 1];
	_cleanup_(closep) int fd = -1;

	(void)state;
	file = open_program(programs[0], &fd);
	for (size_t i = 0; i < ARRAY_SIZE(vaddrs); i++)
		vaddrs[i] = sized_vaddr + ARRAY_SIZE(vaddrs) - 1 - i;
	symbols = glance_at(file, vaddrs, ARRAY_SIZE(vaddrs));
	assert_string_equal(name_at(symbols, sized_vaddr + 1), "sized");
	assert_null(name_at(symbols, sized_vaddr));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_of_each_place_what_all_symbols_say),
		cmocka_unit_test(knows_nothing_of_what_lies_beside),
		cmocka_unit_test(makes_no_file_where_no_name_is_known),
		cmocka_unit_test(takes_the_first_of_too_many_places),
	};

	if (argc < 3)
		return EXIT_FAILURE;
	programs = argv + 1;
	n_programs = argc - 1;
	return cmocka_run_group_tests_name("symbol glance", tests, NULL, NULL);
}
