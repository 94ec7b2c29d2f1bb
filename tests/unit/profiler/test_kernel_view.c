/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/kernel_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"

static void finds_the_range_of_an_address(void **state)
{
	struct kernel_range ranges[] = {
		{ 0x1000, 0x2000, "[kernel.kallsyms]" },
		{ 0x3000, 0x3010, "[veth]" },
		{ 0x3010, 0x3020, "[\xff]" },
	};
	struct kernel_view *view;

	(void)state;
	assert_int_equal(kernel_view_new(NULL, ranges, ARRAY_SIZE(ranges), &view), 0);
	assert_null(kernel_view_find(view, 0xfff));
	assert_string_equal(kernel_view_find(view, 0x1000)->name, "[kernel.kallsyms]");
	assert_string_equal(kernel_view_find(view, 0x1fff)->name, "[kernel.kallsyms]");
	assert_null(kernel_view_find(view, 0x2000));
	assert_string_equal(kernel_view_find(view, 0x300f)->name, "[veth]");
	assert_string_equal(kernel_view_find(view, 0x3010)->name, "[?]");
	assert_null(kernel_view_find(view, 0x3020));
	kernel_view_unref(view);
}

static void finds_nothing_without_ranges(void **state)
{
	struct kernel_view *view;

	(void)state;
	assert_int_equal(kernel_view_new(NULL, NULL, 0, &view), 0);
	assert_null(kernel_view_find(view, 0));
	kernel_view_unref(kernel_view_ref(view));
	kernel_view_unref(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_range_of_an_address),
		cmocka_unit_test(finds_nothing_without_ranges),
	};

	return cmocka_run_group_tests_name("kernel_view", tests, NULL, NULL);
}
