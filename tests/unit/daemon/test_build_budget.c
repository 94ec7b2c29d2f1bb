/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MB 1000000ULL

static void a_small_file_has_little_time(void **state)
{
	(void)state;
	assert_in_range(build_budget_seconds(BUILD_STEP_LINES, 1 * MB), 2, 10);
	assert_in_range(build_budget_seconds(BUILD_STEP_TABLE, 1 * MB), 2, 10);
}

/* Five seconds per 100 MB is what conversion may take, and it may take twice that on a busy host.
 */
static void a_large_file_has_more(void **state)
{
	(void)state;
	assert_in_range(build_budget_seconds(BUILD_STEP_LINES, 400 * MB), 40, 119);
	assert_in_range(build_budget_seconds(BUILD_STEP_FUNCTIONS, 200 * MB), 12, 29);
}

static void there_is_a_bound_for_all(void **state)
{
	(void)state;
	assert_int_equal(build_budget_seconds(BUILD_STEP_LINES, UINT64_MAX), 120);
	assert_int_equal(build_budget_seconds(BUILD_STEP_CODE, UINT64_MAX), 30);
}

static void a_question_has_enough_in_a_small_file_too(void **state)
{
	(void)state;
	assert_int_equal(build_budget_seconds(BUILD_STEP_CODE, 0), 30);
}

static void a_hole_does_not_count(void **state)
{
	const struct stat small = { .st_size = 1, .st_blocks = 8 };
	const struct stat hole = { .st_size = 1L << 40, .st_blocks = 8 };

	(void)state;
	assert_int_equal(build_budget_bytes(&small), 1);
	assert_in_range(build_budget_bytes(&hole), 1, 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_has_little_time),
		cmocka_unit_test(a_large_file_has_more),
		cmocka_unit_test(there_is_a_bound_for_all),
		cmocka_unit_test(a_question_has_enough_in_a_small_file_too),
		cmocka_unit_test(a_hole_does_not_count),
	};

	return cmocka_run_group_tests_name("build budget", tests, NULL, NULL);
}
