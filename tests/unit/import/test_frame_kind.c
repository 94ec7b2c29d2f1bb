/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/frame_kind.h"

static void tells_kinds_by_the_names_of_files(void **state)
{
	(void)state;
	assert_int_equal(frame_kind_of_path("/usr/bin/api"), FRAME_NATIVE);
	assert_int_equal(frame_kind_of_path("[vdso]"), FRAME_NATIVE);
	assert_int_equal(frame_kind_of_path("[kernel.kallsyms]"), FRAME_KERNEL);
	assert_int_equal(frame_kind_of_path("[nf_tables]"), FRAME_KERNEL);
	assert_int_equal(frame_kind_of_path("/tmp/perf-812.map"), FRAME_JIT);
	assert_int_equal(frame_kind_of_path("[anonymous]"), FRAME_JIT);
	assert_int_equal(frame_kind_of_path("[unmapped]"), FRAME_UNMAPPED);
	assert_int_equal(frame_kind_of_path("[truncated]"), FRAME_CUT);
	assert_int_equal(frame_kind_of_path(""), FRAME_NATIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kinds_by_the_names_of_files),
	};

	return cmocka_run_group_tests_name("frame_kind", tests, NULL, NULL);
}
