/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: programs made from fixtures/chain.c by one compiler each, then "--" and ones made from
 * fixtures/names.cc.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/demangle.h"

/* More code than a fixture has on either side of a function. */
#define NEARBY_BYTES 4096

static char **c_programs, **cpp_programs;

/* "inner:101 < middle:111 < outer:121", demangled, without arguments. */
static void describe(const struct symbol_file *file, uint64_t elf_vaddr, struct buffer *text)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	size_t n = symbol_file_find(file, elf_vaddr, frames, ARRAY_SIZE(frames));
	char name[DEMANGLE_MAX_BYTES];

	text->size = 0;
	for (size_t i = 0; i < n; i++) {
		demangle(frames[i].function, name);
		buffer_printf(text, "%s%s %s:%u", i ? " < " : "", name, frames[i].filename,
			      frames[i].line);
	}
	buffer_append_char(text, '\0');
}

/* Whether an address near the function @name is described as @expected. */
static bool has(const char *path, const char *name, const char *expected)
{
	struct symbol_build_report report;
	struct symbol_file *file = fixture_symbol_file(path, SYMBOL_LINES, &report);
	uint64_t near_vaddr = fixture_function_vaddr(path, name) - NEARBY_BYTES;
	struct buffer text = { 0 };
	bool has_it = false;

	for (uint64_t i = 0; !has_it && i < 2 * NEARBY_BYTES; i++) {
		describe(file, near_vaddr + i, &text);
		has_it = strcmp(text.data, expected) == 0;
	}
	buffer_fini(&text);
	symbol_file_free(file);
	return has_it;
}

static void all_have(char **programs, const char *name, const char *expected)
{
	for (; *programs; programs++)
		if (!has(*programs, name, expected))
			fail_msg("%s: nowhere is %s", *programs, expected);
}

static void finds_a_chain_of_inlined_functions(void **state)
{
	(void)state;
	all_have(c_programs, "chain_outer",
		 "chain_inner chain.c:101 < chain_middle chain.c:111 < chain_outer chain.c:121");
	all_have(c_programs, "chain_outer",
		 "chain_inner chain.c:101 < chain_middle chain.c:113 < chain_outer chain.c:121");
}

static void finds_all_ranges_of_a_function(void **state)
{
	(void)state;
	all_have(c_programs, "chain_split", "chain_split chain.c:144");
	for (char **program = c_programs; *program; program++)
		if (strstr(*program, "gcc") &&
		    !has(*program, "chain_split.cold", "chain_split chain.c:141"))
			fail_msg("%s: the cold part has no name", *program);
}

static void prefers_the_name_that_others_use(void **state)
{
	(void)state;
	/* chain_alias is as public as chain_outer: the name in the source stays. */
	all_have(c_programs, "chain_alias", "chain_outer chain.c:121");
}

static void finds_names_in_namespaces_classes_and_templates(void **state)
{
	(void)state;
	all_have(cpp_programs, "_ZN4shop4TillIlE3addEl",
		 "long shop::twice<long>(long) names.hh:10 < shop::Till<long>::take(long) "
		 "names.cc:20 < shop::Till<long>::add(long) names.cc:30");
}

static void names_lambdas_as_the_linker_does(void **state)
{
	(void)state;
	all_have(cpp_programs, "_ZN4shop4TillIlE3addEl",
		 "shop::Till<long>::add(long)::{lambda(long)#1}::operator()(long) const "
		 "names.cc:27");
}

static void tells_the_first_line_of_a_function(void **state)
{
	(void)state;
	for (char **program = c_programs; *program; program++) {
		struct symbol_build_report report;
		struct symbol_file *file = fixture_symbol_file(*program, SYMBOL_LINES, &report);
		uint64_t start_vaddr = fixture_function_vaddr(*program, "main");
		struct symbol_frame frame;

		assert_int_equal(symbol_file_find(file, start_vaddr, &frame, 1), 1);
		assert_string_equal(frame.function, "main");
		assert_in_range(frame.start_line, 149, 150);
		for (size_t i = 0; i < SYMBOL_LOSS_COUNT; i++)
			assert_int_equal(report.losses[i], 0);
		symbol_file_free(file);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_chain_of_inlined_functions),
		cmocka_unit_test(finds_all_ranges_of_a_function),
		cmocka_unit_test(prefers_the_name_that_others_use),
		cmocka_unit_test(finds_names_in_namespaces_classes_and_templates),
		cmocka_unit_test(names_lambdas_as_the_linker_does),
		cmocka_unit_test(tells_the_first_line_of_a_function),
	};
	int separator = 1;

	while (separator < argc && strcmp(argv[separator], "--") != 0)
		separator++;
	if (separator >= argc)
		return EXIT_FAILURE;
	argv[separator] = NULL;
	c_programs = (argv + 1);
	cpp_programs = (argv + separator + 1);
	return cmocka_run_group_tests_name("DWARF reader", tests, NULL, NULL);
}
