/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/pair_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void finds_nothing_in_an_empty_map(void **state)
{
	struct pair_map map = { 0 };
	uint32_t index;

	(void)state;
	assert_false(pair_map_find(&map, (struct pair_key){ 0, 0 }, &index));
	assert_int_equal(pair_map_bytes(&map), 0);
	pair_map_fini(&map);
}

static void tells_what_was_there_from_what_is_new(void **state)
{
	struct pair_map map = { 0 };
	struct pair_key key = { 1, 2 };
	uint32_t index = 0;

	(void)state;
	assert_int_equal(pair_map_find_or_add(&map, key, 7, &index), 1);
	assert_int_equal(index, 7);
	assert_int_equal(pair_map_find_or_add(&map, key, 8, &index), 0);
	assert_int_equal(index, 7);
	assert_false(pair_map_find(&map, (struct pair_key){ 2, 1 }, &index));
	assert_int_equal(map.count, 1);
	pair_map_fini(&map);
}

/* Neighbours, and numbers that differ in their high halves only. */
static struct pair_key key_at(uint32_t i)
{
	return (struct pair_key){ (uint64_t)(i % 100) << 32, (uint64_t)(i / 100) << 40 };
}

static void keeps_all_keys_while_it_grows(void **state)
{
	struct pair_map map = { 0 };
	uint32_t index;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(pair_map_find_or_add(&map, key_at(i), i, &index), 1);
	for (uint32_t i = 0; i < 10000; i++) {
		assert_true(pair_map_find(&map, key_at(i), &index));
		assert_int_equal(index, i);
	}
	assert_false(pair_map_find(&map, key_at(10000), &index));
	assert_int_equal(pair_map_bytes(&map), 24 * 16384);
	pair_map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_nothing_in_an_empty_map),
		cmocka_unit_test(tells_what_was_there_from_what_is_new),
		cmocka_unit_test(keeps_all_keys_while_it_grows),
	};

	return cmocka_run_group_tests_name("pair_map", tests, NULL, NULL);
}
