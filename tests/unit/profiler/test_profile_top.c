/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_top.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "tests/unit/profiler/profile_text.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void assert_function(const struct profile *profile, const struct top_function *function,
			    const char *name, uint64_t self, uint64_t total)
{
	assert_string_equal(string_table_get(profile->strings, function->name), name);
	assert_int_equal(function->self_count, self);
	assert_int_equal(function->self_value, 10 * self);
	assert_int_equal(function->total_count, total);
	assert_int_equal(function->total_value, 10 * total);
}

static void counts_a_function_once_for_each_sample(void **state)
{
	_cleanup_(profile_freep) struct profile *profile =
		profile_of_text("comm=x|main;fib;fib;fib 8\ncomm=y|main;fib;work+fib 4\n"
				"comm=x|main;work+inlined 2\ncomm=x|main 1\n");
	struct profile_top top;

	(void)state;
	assert_int_equal(profile_top_init(profile, TOP_BY_SELF, &top), 0);
	assert_int_equal(top.n_functions, 4);
	assert_int_equal(top.count, 15);
	assert_int_equal(top.value, 150);
	assert_function(profile, &top.functions[0], "fib", 12, 12);
	assert_function(profile, &top.functions[1], "inlined", 2, 2);
	assert_function(profile, &top.functions[2], "main", 1, 15);
	assert_function(profile, &top.functions[3], "work", 0, 6);
	assert_string_equal(string_table_get(profile->strings, top.functions[0].filename), "fib.c");
	assert_string_equal(string_table_get(profile->strings, top.functions[2].mapping), "/lib/m");
	profile_top_fini(&top);

	assert_int_equal(profile_top_init(profile, TOP_BY_TOTAL, &top), 0);
	assert_function(profile, &top.functions[0], "main", 1, 15);
	assert_function(profile, &top.functions[3], "inlined", 2, 2);
	profile_top_fini(&top);
}

static void has_nothing_of_an_empty_profile(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of_text("");
	struct profile_top top;

	(void)state;
	assert_int_equal(profile_top_init(profile, TOP_BY_SELF, &top), 0);
	assert_int_equal(top.n_functions, 0);
	profile_top_fini(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_a_function_once_for_each_sample),
		cmocka_unit_test(has_nothing_of_an_empty_profile),
	};

	return cmocka_run_group_tests_name("profile top", tests, NULL, NULL);
}
