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
		{ 0x1000, 0x2000, "[kernel.kallsyms]", 0, 0, 0 },
		{ 0x3000, 0x3010, "[veth]", 0, 0, 0 },
		{ 0x3010, 0x3020, "[\xff]", 0, 0, 0 },
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

static void knows_what_is_in_files_of_the_kernel_and_its_modules(void **state)
{
	struct kernel_range ranges[] = {
		{ 0x1000, 0x2000, "[kernel.kallsyms]", 0x800, 7, 0 },
		{ 0x3000, 0x3010, "[veth]", 0, 0, 0 },
		{ 0x4000, 0x5000, "[fuse]", 0x4000 - 0x100000, 8, 0 },
	};
	struct kernel_view *view;
	uint64_t elf_vaddr;

	(void)state;
	assert_int_equal(kernel_view_new(NULL, ranges, ARRAY_SIZE(ranges), &view), 0);
	assert_int_equal(kernel_view_file(view, 0x1010, &elf_vaddr), 7);
	assert_int_equal(elf_vaddr, 0x810);
	assert_int_equal(kernel_view_file(view, 0x4010, &elf_vaddr), 8);
	assert_int_equal(elf_vaddr, 0x100010);
	assert_int_equal(kernel_view_file(view, 0x3000, &elf_vaddr), 0);
	assert_int_equal(kernel_view_file(view, 0x2000, &elf_vaddr), 0);
	kernel_view_unref(view);
}

static struct kernel_view *view_of(const struct kernel_range *ranges, size_t n)
{
	struct kernel_view *view;

	assert_int_equal(kernel_view_new(NULL, ranges, n, &view), 0);
	return view;
}

static void tells_whether_modules_are_where_they_were(void **state)
{
	const struct kernel_range before[] = {
		{ 0x1000, 0x2000, "[kernel.kallsyms]", 0, 0, 0 },
		{ 0x3000, 0x4000, "[veth]", 0, 0, 0 },
		{ 0x4000, 0x5000, "[bpf]", 0, 0, 0 },
	};
	const struct kernel_range more[] = { before[0],
					     before[1],
					     { 0x6000, 0x7000, "[fuse]", 0, 0, 0 } };
	const struct kernel_range moved[] = { before[0], { 0x6000, 0x7000, "[veth]", 0, 0, 0 } };
	const struct kernel_range other[] = { before[0], { 0x3000, 0x4000, "[fuse]", 0, 0, 0 } };
	struct kernel_view *views[] = { view_of(before, 3), view_of(more, 3), view_of(moved, 2),
					view_of(other, 2), view_of(before, 1) };

	(void)state;
	assert_true(kernel_view_keeps_modules(views[0], views[0]));
	assert_true(kernel_view_keeps_modules(views[0], views[1]));
	assert_false(kernel_view_keeps_modules(views[1], views[0]));
	for (size_t i = 2; i < ARRAY_SIZE(views); i++)
		assert_false(kernel_view_keeps_modules(views[0], views[i]));
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		kernel_view_unref(views[i]);
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
		cmocka_unit_test(knows_what_is_in_files_of_the_kernel_and_its_modules),
		cmocka_unit_test(tells_whether_modules_are_where_they_were),
		cmocka_unit_test(finds_nothing_without_ranges),
	};

	return cmocka_run_group_tests_name("kernel_view", tests, NULL, NULL);
}
