/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/string_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t add(struct string_pool *pool, const char *text)
{
	uint32_t offset;

	assert_int_equal(string_pool_add(pool, text, strlen(text), &offset), 0);
	assert_string_equal(pool->bytes.data + offset, text);
	return offset;
}

static void gives_equal_strings_one_place(void **state)
{
	struct string_pool pool = { 0 };
	uint32_t first = add(&pool, "first"), second = add(&pool, "second");

	(void)state;
	assert_int_not_equal(first, second);
	assert_int_equal(add(&pool, "first"), first);
	assert_int_equal(add(&pool, "firs"), add(&pool, "firs"));
	assert_int_not_equal(add(&pool, "firs"), first);
	string_pool_fini(&pool);
}

static void puts_the_empty_string_first(void **state)
{
	struct string_pool pool = { 0 };
	uint32_t offset;

	(void)state;
	add(&pool, "a");
	assert_int_equal(add(&pool, ""), 0);
	assert_int_equal(string_pool_add(&pool, "\0hidden", 7, &offset), 0);
	assert_int_equal(offset, 0);
	string_pool_fini(&pool);
}

static void takes_a_part_of_a_text(void **state)
{
	struct string_pool pool = { 0 };
	uint32_t offset;

	(void)state;
	assert_int_equal(string_pool_add(&pool, "memcpy@@GLIBC", 6, &offset), 0);
	assert_int_equal(add(&pool, "memcpy"), offset);
	string_pool_fini(&pool);
}

static void finds_all_of_many(void **state)
{
	struct string_pool pool = { 0 };
	uint32_t offsets[5000];
	char text[32];

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "function_number_%u", i);
		offsets[i] = add(&pool, text);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "function_number_%u", i);
		assert_int_equal(add(&pool, text), offsets[i]);
	}
	string_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_equal_strings_one_place),
		cmocka_unit_test(puts_the_empty_string_first),
		cmocka_unit_test(takes_a_part_of_a_text),
		cmocka_unit_test(finds_all_of_many),
	};

	return cmocka_run_group_tests_name("string pool", tests, NULL, NULL);
}
