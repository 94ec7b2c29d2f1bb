/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/file_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct file_view *new_view(const char *path)
{
	struct elf_description description = {
		.n_segments = 2,
		.segments = { { 0x1000, 0x401000, 0x100 }, { 0x3000, 0x605000, 0x200 } },
	};
	struct file_facts facts = { .number = 1, .description = &description, .path = path };
	struct file_view *view;

	assert_int_equal(file_view_new(&facts, &view), 0);
	return view;
}

static void finds_the_segment_of_an_offset(void **state)
{
	_cleanup_(file_view_unrefp) struct file_view *view = new_view("/bin/a");

	(void)state;
	assert_null(file_view_segment(view, 0xfff));
	assert_int_equal(file_view_segment(view, 0x1000)->elf_vaddr, 0x401000);
	assert_int_equal(file_view_segment(view, 0x10ff)->elf_vaddr, 0x401000);
	assert_null(file_view_segment(view, 0x1100));
	assert_int_equal(file_view_segment(view, 0x31ff)->elf_vaddr, 0x605000);
	assert_null(file_view_segment(view, UINT64_MAX));
}

static void tells_the_last_part_of_the_path(void **state)
{
	_cleanup_(file_view_unrefp) struct file_view *path = new_view("/usr/lib/libc.so.6");
	_cleanup_(file_view_unrefp) struct file_view *name = new_view("[vdso]");
	_cleanup_(file_view_unrefp) struct file_view *folder = new_view("/odd/");

	(void)state;
	assert_string_equal(file_view_basename(path), "libc.so.6");
	assert_string_equal(file_view_basename(name), "[vdso]");
	assert_string_equal(file_view_basename(folder), "/odd/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_segment_of_an_offset),
		cmocka_unit_test(tells_the_last_part_of_the_path),
	};

	return cmocka_run_group_tests_name("file_view", tests, NULL, NULL);
}
