/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"

static void keeps_the_file_until_the_last_user_is_through(void **state)
{
	struct elf_description description;
	struct symbol_file *file;
	struct symbols *symbols, *shared;
	struct symbol_frame frame;

	(void)state;
	symbol_fixture_make(false, &description, &file);
	assert_int_equal(symbols_new(file, 5, &symbols), 0);
	shared = symbols_ref(symbols);
	assert_null(symbols_unref(symbols));
	assert_int_equal(shared->id, 5);
	assert_int_equal(symbol_file_find(shared->file, symbol_fixture_call_vaddr(), &frame, 1), 1);
	assert_string_equal(frame.function, "symbol_fixture_outer");
	symbols_unref(shared);
}

static void takes_nothing_for_nothing(void **state)
{
	(void)state;
	assert_null(symbols_ref(NULL));
	assert_null(symbols_unref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_file_until_the_last_user_is_through),
		cmocka_unit_test(takes_nothing_for_nothing),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
