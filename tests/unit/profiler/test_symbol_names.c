/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/symbols.h"
#include "tests/unit/profiler/demangle_counter.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"

static struct symbols *new_symbols(uint32_t id)
{
	struct elf_description description;
	struct symbol_file *file;
	struct symbols *symbols;

	symbol_fixture_make(false, &description, &file);
	assert_int_equal(symbols_new(file, id, &symbols), 0);
	return symbols;
}

static void finds(struct symbol_names *names, struct symbols *symbols)
{
	struct code_range range;

	assert_int_equal(symbol_names_find(names, symbols, "symbol_fixture_outer", &range), 0);
	assert_in_range(symbol_fixture_call_vaddr(), range.start_vaddr, range.end_vaddr - 1);
}

static void demangles_each_name_of_a_file_once_for_all_who_ask(void **state)
{
	struct symbols *symbols = new_symbols(1);
	struct symbol_names names;
	struct code_range range;

	(void)state;
	symbol_names_init(&names);
	demangle_count = 0;
	finds(&names, symbols);
	assert_in_range(demangle_count, 2, symbol_file_function_count(symbols->file));
	demangle_count = 0;
	for (size_t i = 0; i < 100; i++) {
		finds(&names, symbols);
		assert_int_equal(symbol_names_find(&names, symbols, "not_there", &range), -ESRCH);
	}
	assert_int_equal(demangle_count, 0);
	symbol_names_fini(&names);
	symbols_unref(symbols);
}

static void keeps_the_names_of_the_last_file_only(void **state)
{
	struct symbols *symbols[] = { new_symbols(1), new_symbols(2) };
	struct symbol_names names;
	size_t bytes;

	(void)state;
	symbol_names_init(&names);
	assert_int_equal(atomic_load(&names.bytes), 0);
	finds(&names, symbols[0]);
	bytes = atomic_load(&names.bytes);
	assert_true(bytes > 0);
	finds(&names, symbols[1]);
	assert_int_equal(atomic_load(&names.bytes), bytes);
	assert_int_equal(atomic_load(&symbols[0]->refs), 1);
	assert_int_equal(atomic_load(&symbols[1]->refs), 2);
	symbol_names_fini(&names);
	assert_int_equal(atomic_load(&symbols[1]->refs), 1);
	symbols_unref(symbols[0]);
	symbols_unref(symbols[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demangles_each_name_of_a_file_once_for_all_who_ask),
		cmocka_unit_test(keeps_the_names_of_the_last_file_only),
	};

	return cmocka_run_group_tests_name("symbol_names", tests, NULL, NULL);
}
