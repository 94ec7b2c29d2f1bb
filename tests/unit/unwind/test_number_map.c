/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/number_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void finds_what_was_added(void **state)
{
	struct number_map map = { 0 };
	uint32_t value = 7;

	(void)state;
	assert_false(number_map_find(&map, 0, &value));
	assert_int_equal(number_map_add(&map, 0, 1), 0);
	assert_int_equal(number_map_add(&map, UINT64_MAX, 2), 0);
	assert_true(number_map_find(&map, 0, &value));
	assert_int_equal(value, 1);
	assert_true(number_map_find(&map, UINT64_MAX, &value));
	assert_int_equal(value, 2);
	assert_false(number_map_find(&map, 1, &value));
	number_map_fini(&map);
}

static void holds_many(void **state)
{
	struct number_map map = { 0 };
	uint32_t value;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(number_map_add(&map, (uint64_t)i << 12, i), 0);
	for (uint32_t i = 0; i < 10000; i++) {
		assert_true(number_map_find(&map, (uint64_t)i << 12, &value));
		assert_int_equal(value, i);
	}
	assert_false(number_map_find(&map, 1, &value));
	number_map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added),
		cmocka_unit_test(holds_many),
	};

	return cmocka_run_group_tests_name("number map", tests, NULL, NULL);
}
