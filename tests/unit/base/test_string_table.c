/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"

#define MANY 20000

DEFINE_CLEANUP(struct string_table *, string_table_free)

static uint32_t add(struct string_table *table, const char *text)
{
	uint32_t string = UINT32_MAX;

	assert_int_equal(string_table_add(table, text, &string), 0);
	return string;
}

static void number_zero_is_the_empty_string(void **state)
{
	_cleanup_(string_table_freep) struct string_table *table = NULL;

	(void)state;
	assert_int_equal(string_table_new(&table), 0);
	assert_int_equal(string_table_count(table), 1);
	assert_string_equal(string_table_get(table, 0), "");
	assert_int_equal(add(table, ""), 0);
}

static void the_same_text_is_the_same_number(void **state)
{
	_cleanup_(string_table_freep) struct string_table *table = NULL;

	(void)state;
	assert_int_equal(string_table_new(&table), 0);
	assert_int_equal(add(table, "one"), 1);
	assert_int_equal(add(table, "two"), 2);
	assert_int_equal(add(table, "one"), 1);
	assert_int_equal(string_table_count(table), 3);
}

static void takes_a_part_of_a_text(void **state)
{
	_cleanup_(string_table_freep) struct string_table *table = NULL;
	uint32_t string;

	(void)state;
	assert_int_equal(string_table_new(&table), 0);
	assert_int_equal(string_table_add_n(table, "mainline", 4, &string), 0);
	assert_string_equal(string_table_get(table, string), "main");
	assert_int_equal(add(table, "main"), string);
	assert_int_equal(string_table_add_n(table, "mainline", 0, &string), 0);
	assert_int_equal(string, 0);
}

static void texts_stay_where_they_are(void **state)
{
	_cleanup_(string_table_freep) struct string_table *table = NULL;
	const char *first;
	char text[16];

	(void)state;
	assert_int_equal(string_table_new(&table), 0);
	first = string_table_get(table, add(table, "first"));
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(add(table, text), i + 2);
	}
	assert_ptr_equal(string_table_get(table, 1), first);
	assert_string_equal(string_table_get(table, MANY + 1), text);
	assert_true(string_table_bytes(table) > MANY * 5);
}

static void free_accepts_nothing(void **state)
{
	(void)state;
	assert_null(string_table_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_zero_is_the_empty_string),
		cmocka_unit_test(the_same_text_is_the_same_number),
		cmocka_unit_test(takes_a_part_of_a_text),
		cmocka_unit_test(texts_stay_where_they_are),
		cmocka_unit_test(free_accepts_nothing),
	};

	return cmocka_run_group_tests_name("string_table", tests, NULL, NULL);
}
