/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/file_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/file_view.h"
#include "profiler/symbols.h"

static void keeps_a_file_while_a_dictionary_names_it(void **state)
{
	struct file_table table = { 0 };

	(void)state;
	assert_int_equal(file_table_hold(&table, 5, "/bin/a"), 0);
	assert_int_equal(file_table_hold(&table, 5, "/bin/b"), 0);
	assert_string_equal(file_table_find(&table, 5)->path, "/bin/b");
	file_table_drop(&table, 5);
	assert_non_null(file_table_find(&table, 5));
	file_table_drop(&table, 5);
	assert_null(file_table_find(&table, 5));
	file_table_drop(&table, 5);
	assert_int_equal(table.bytes, 0);
	file_table_fini(&table);
}

static void keeps_the_other_facts_when_one_changes(void **state)
{
	struct elf_description description = { .build_id.n_bytes = 20 };
	struct file_table table = { 0 };
	struct symbols *symbols;
	const struct file_view *view;

	(void)state;
	assert_int_equal(file_table_describe(&table, 5, &description), -EINVAL);
	assert_int_equal(file_table_name(&table, 5, NAMES_FAILED, NULL), -EINVAL);
	assert_int_equal(file_table_set_path(&table, 5, "/bin/a"), -EINVAL);
	assert_int_equal(symbols_new(NULL, 1, &symbols), 0);
	assert_int_equal(file_table_hold(&table, 5, "/bin/a\xff"), 0);
	assert_int_equal(file_table_name(&table, 5, NAMES_FUNCTIONS, symbols), 0);
	assert_int_equal(file_table_describe(&table, 5, &description), 0);
	view = file_table_find(&table, 5);
	assert_int_equal(view->number, 5);
	assert_int_equal(view->state, NAMES_FUNCTIONS);
	assert_int_equal(view->description.build_id.n_bytes, 20);
	assert_ptr_equal(view->symbols, symbols);
	assert_string_equal(view->path, "/bin/a?");
	symbols_unref(symbols);
	assert_int_equal(file_table_name(&table, 5, NAMES_FAILED, NULL), 0);
	file_table_fini(&table);
}

static void leaves_old_views_to_who_holds_them(void **state)
{
	struct file_table table = { 0 };
	struct file_view *view;

	(void)state;
	assert_int_equal(file_table_hold(&table, 5, "/bin/a"), 0);
	view = file_view_ref(file_table_find(&table, 5));
	file_table_drop(&table, 5);
	assert_string_equal(view->path, "/bin/a");
	file_view_unref(view);
	file_table_fini(&table);
}

static void counts_files_by_their_state(void **state)
{
	struct file_table table = { 0 };
	uint32_t n_files[NAMES_STATE_COUNT];
	uint64_t symbol_bytes;

	(void)state;
	for (uint32_t i = 1; i <= 10; i++)
		assert_int_equal(file_table_hold(&table, i, "/bin/a"), 0);
	assert_int_equal(file_table_name(&table, 7, NAMES_FAILED, NULL), 0);
	file_table_count(&table, n_files, &symbol_bytes);
	assert_int_equal(n_files[NAMES_PENDING], 9);
	assert_int_equal(n_files[NAMES_FAILED], 1);
	assert_int_equal(symbol_bytes, 0);
	file_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_file_while_a_dictionary_names_it),
		cmocka_unit_test(keeps_the_other_facts_when_one_changes),
		cmocka_unit_test(leaves_old_views_to_who_holds_them),
		cmocka_unit_test(counts_files_by_their_state),
	};

	return cmocka_run_group_tests_name("file_table", tests, NULL, NULL);
}
