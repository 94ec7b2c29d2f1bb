/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/stable_array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void keeps_items_where_they_are(void **state)
{
	struct stable_array array = { .item_bytes = sizeof(uint32_t) };
	void *first, *item;

	(void)state;
	assert_int_equal(stable_array_add(&array, &first), 0);
	assert_int_equal(*(uint32_t *)first, 0);
	*(uint32_t *)first = 1000;
	for (uint32_t i = 1; i < 5000; i++) {
		assert_int_equal(stable_array_add(&array, &item), 0);
		*(uint32_t *)item = 1000 + i;
	}
	assert_int_equal(array.count, 5000);
	assert_ptr_equal(stable_array_get(&array, 0), first);
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(*(uint32_t *)stable_array_get(&array, i), 1000 + i);
	stable_array_fini(&array);
}

static void counts_its_memory(void **state)
{
	struct stable_array array = { .item_bytes = 16 };
	void *item;

	(void)state;
	assert_int_equal(stable_array_bytes(&array), 0);
	for (int i = 0; i < 65; i++)
		assert_int_equal(stable_array_add(&array, &item), 0);
	assert_int_equal(stable_array_bytes(&array), (64 + 128) * 16);
	stable_array_fini(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_items_where_they_are),
		cmocka_unit_test(counts_its_memory),
	};

	return cmocka_run_group_tests_name("stable_array", tests, NULL, NULL);
}
