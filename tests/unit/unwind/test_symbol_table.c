/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argument: the program made from fixtures/labels.S.
 */
#include "unwind/symbol_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_section.h"

static const char *program;

static struct symbol make_symbol(uint64_t start_vaddr, uint64_t end_vaddr, const char *name)
{
	return (struct symbol){
		.start_vaddr = start_vaddr,
		.end_vaddr = end_vaddr,
		.name = name,
		.name_length = (uint32_t)strlen(name),
		.rank = 1, /* it has a size */
	};
}

static void is_piece(const struct symbol *piece, uint64_t start_vaddr, uint64_t end_vaddr,
		     const char *name)
{
	assert_int_equal(piece->start_vaddr, start_vaddr);
	assert_int_equal(piece->end_vaddr, end_vaddr);
	assert_int_equal(piece->name_length, strlen(name));
	assert_memory_equal(piece->name, name, strlen(name));
}

static void the_inner_of_two_symbols_has_the_name(void **state)
{
	struct symbol symbols[] = {
		make_symbol(0x100, 0x200, "outer"),
		make_symbol(0x120, 0x140, "inner"),
		make_symbol(0x130, 0x138, "innermost"),
		make_symbol(0x180, 0x300, "overlaps"),
	};
	const struct symbol_table table = { .symbols = symbols, .n_symbols = 4 };
	struct symbol_table pieces = { 0 };

	(void)state;
	assert_int_equal(symbol_table_cut(&table, &pieces), 0);
	assert_int_equal(pieces.n_symbols, 6);
	is_piece(&pieces.symbols[0], 0x100, 0x120, "outer");
	is_piece(&pieces.symbols[1], 0x120, 0x130, "inner");
	is_piece(&pieces.symbols[2], 0x130, 0x138, "innermost");
	is_piece(&pieces.symbols[3], 0x138, 0x140, "inner");
	is_piece(&pieces.symbols[4], 0x140, 0x180, "outer");
	is_piece(&pieces.symbols[5], 0x180, 0x300, "overlaps");
	symbol_table_fini(&pieces);
}

static void read_pieces(struct symbol_table *ret_pieces, struct elf_file **ret_file)
{
	struct symbol_sections sections = { 0 };
	struct symbol_table table = { 0 };
	int fd = fixture_open(program);

	assert_int_equal(elf_file_open(fd, ret_file), 0);
	assert_int_equal(
		symbol_sections_open(&(struct debug_files){ .binary = *ret_file }, &sections), 0);
	assert_int_equal(symbol_table_read(&sections, &table), 0);
	assert_int_equal(symbol_table_cut(&table, ret_pieces), 0);
	symbol_table_fini(&table);
	symbol_sections_fini(&sections);
	close(fd);
}

static const struct symbol *find_piece(const struct symbol_table *pieces, const char *name)
{
	for (size_t i = 0; i < pieces->n_symbols; i++)
		if (pieces->symbols[i].name_length == strlen(name) &&
		    memcmp(pieces->symbols[i].name, name, strlen(name)) == 0)
			return &pieces->symbols[i];
	return NULL;
}

static void a_symbol_without_size_reaches_to_the_next(void **state)
{
	struct symbol_table pieces = { 0 };
	const struct symbol *unsized, *next;
	struct elf_file *file;

	(void)state;
	read_pieces(&pieces, &file);
	unsized = find_piece(&pieces, "unsized");
	next = find_piece(&pieces, "sized");
	assert_non_null(unsized);
	assert_non_null(next);
	assert_true(unsized->start_vaddr < unsized->end_vaddr);
	assert_int_equal(unsized->end_vaddr, next->start_vaddr);
	assert_non_null(find_piece(&pieces, "last"));
	symbol_table_fini(&pieces);
	elf_file_free(file);
}

static void a_label_in_a_function_is_none(void **state)
{
	struct symbol_table pieces = { 0 };
	const struct symbol *sized, *next;
	struct elf_file *file;

	(void)state;
	read_pieces(&pieces, &file);
	sized = find_piece(&pieces, "sized");
	next = find_piece(&pieces, "public");
	assert_non_null(sized);
	assert_non_null(next);
	assert_int_equal(sized->end_vaddr, next->start_vaddr);
	assert_null(find_piece(&pieces, "label"));
	symbol_table_fini(&pieces);
	elf_file_free(file);
}

static void of_aliases_the_public_and_then_the_plain_one_is_taken(void **state)
{
	struct symbol_table pieces = { 0 };
	struct elf_file *file;

	(void)state;
	read_pieces(&pieces, &file);
	assert_non_null(find_piece(&pieces, "public"));
	assert_null(find_piece(&pieces, "__public"));
	assert_null(find_piece(&pieces, "loc"));
	symbol_table_fini(&pieces);
	elf_file_free(file);
}

static void drops_mapping_symbols_and_versions(void **state)
{
	struct symbol_table pieces = { 0 };
	struct elf_file *file;

	(void)state;
	read_pieces(&pieces, &file);
	assert_null(find_piece(&pieces, "$x"));
	assert_non_null(find_piece(&pieces, "versioned"));
	symbol_table_fini(&pieces);
	elf_file_free(file);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_inner_of_two_symbols_has_the_name),
		cmocka_unit_test(a_symbol_without_size_reaches_to_the_next),
		cmocka_unit_test(a_label_in_a_function_is_none),
		cmocka_unit_test(of_aliases_the_public_and_then_the_plain_one_is_taken),
		cmocka_unit_test(drops_mapping_symbols_and_versions),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	program = argv[1];
	return cmocka_run_group_tests_name("symbol table", tests, NULL, NULL);
}
