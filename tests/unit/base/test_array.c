/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

static void grows_and_keeps_its_items(void **state)
{
	_cleanup_(freep) uint32_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(array_reserve((void **)&items, &capacity, i + 1, sizeof(*items)),
				 0);
		assert_true(capacity > i);
		items[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
}

static void at_least_doubles(void **state)
{
	_cleanup_(freep) char *items = NULL;
	size_t capacity = 0, capacity_before;

	(void)state;
	assert_int_equal(array_reserve((void **)&items, &capacity, 100, 1), 0);
	capacity_before = capacity;
	assert_int_equal(array_reserve((void **)&items, &capacity, capacity + 1, 1), 0);
	assert_true(capacity >= 2 * capacity_before);
}

static void does_nothing_where_there_is_room(void **state)
{
	_cleanup_(freep) char *items = NULL;
	size_t capacity = 0, capacity_before;
	char *items_before;

	(void)state;
	assert_int_equal(array_reserve((void **)&items, &capacity, 5, 1), 0);
	items_before = items;
	capacity_before = capacity;
	assert_int_equal(array_reserve((void **)&items, &capacity, capacity, 1), 0);
	assert_ptr_equal(items, items_before);
	assert_int_equal(capacity, capacity_before);
}

static void is_prepared_for_as_many_as_were_foretold(void **state)
{
	_cleanup_(freep) uint64_t *items = NULL;
	const size_t count = 1000 * 1000;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(array_prepare((void **)&items, &capacity, 0, sizeof(*items)), 0);
	assert_int_equal(array_prepare((void **)&items, &capacity, count, sizeof(*items)), 0);
	assert_true(capacity >= count);
	items[0] = 1;
	items[count - 1] = 2;
	assert_int_equal(array_prepare((void **)&items, &capacity, count, sizeof(*items)), 0);
	assert_int_equal(items[0], 1);
	assert_int_equal(items[count - 1], 2);
	assert_int_equal(array_prepare((void **)&items, &capacity, SIZE_MAX / 4, sizeof(*items)),
			 -ENOMEM);
}

static void stays_as_it_is_when_it_is_populated(void **state)
{
	const size_t n_bytes = 1000 * 1000;
	_cleanup_(freep) char *bytes = calloc(n_bytes, 1);

	(void)state;
	assert_non_null(bytes);
	bytes[n_bytes - 1] = 'x';
	array_populate(bytes, n_bytes);
	array_populate(bytes, 1);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[n_bytes - 1], 'x');
}

static void refuses_more_than_memory_can_hold(void **state)
{
	_cleanup_(freep) uint64_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(array_reserve((void **)&items, &capacity, 3, sizeof(*items)), 0);
	items[2] = 7;
	assert_int_equal(array_reserve((void **)&items, &capacity, SIZE_MAX, sizeof(*items)),
			 -ENOMEM);
	assert_int_equal(array_reserve((void **)&items, &capacity, SIZE_MAX / 8, sizeof(*items)),
			 -ENOMEM);
	assert_int_equal(items[2], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_its_items),
		cmocka_unit_test(at_least_doubles),
		cmocka_unit_test(does_nothing_where_there_is_room),
		cmocka_unit_test(is_prepared_for_as_many_as_were_foretold),
		cmocka_unit_test(stays_as_it_is_when_it_is_populated),
		cmocka_unit_test(refuses_more_than_memory_can_hold),
	};

	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
