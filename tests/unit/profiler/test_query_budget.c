/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_budget.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/clock.h"

static void has_no_limits_where_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(query_budget_ask(NULL, SIZE_MAX), 0);
}

static void ends_with_the_memory(void **state)
{
	struct query_budget budget;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, 1000);
	assert_int_equal(query_budget_ask(&budget, 1000), 0);
	assert_int_equal(query_budget_limits(&budget), 0);
	assert_int_equal(query_budget_ask(&budget, 1001), -EDQUOT);
	assert_int_equal(query_budget_limits(&budget), 1 << QUERY_LIMIT_MEMORY);
}

static void counts_what_is_held(void **state)
{
	struct query_budget budget;

	(void)state;
	query_budget_hold(NULL, 1);
	query_budget_init(&budget, QUERY_CPU_NS, 1000);
	query_budget_hold(&budget, 300);
	query_budget_hold(&budget, 100);
	assert_int_equal(query_budget_ask(&budget, 600), 0);
	assert_int_equal(query_budget_ask(&budget, 601), -EDQUOT);
}

static void ends_with_the_cpu_time_and_stays_so(void **state)
{
	struct query_budget budget;
	int r = 0;

	(void)state;
	query_budget_init(&budget, 5 * NS_PER_MS, QUERY_BYTES);
	while (r == 0) /* which uses CPU time */
		r = query_budget_ask(&budget, 0);
	assert_int_equal(r, -EDQUOT);
	assert_int_equal(query_budget_ask(&budget, 0), -EDQUOT);
	assert_int_equal(query_budget_limits(&budget), 1 << QUERY_LIMIT_CPU_TIME);
}

static void counts_what_was_given_up_as_a_limit(void **state)
{
	struct query_budget budget;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	budget.n_limited++;
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MATCH));
	assert_int_equal(query_budget_ask(&budget, 0), 0);
}

static void names_all_limits(void **state)
{
	(void)state;
	for (int i = 0; i < QUERY_LIMIT_COUNT; i++)
		assert_in_range(strlen(query_limit_names[i]), 1, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_no_limits_where_there_is_none),
		cmocka_unit_test(ends_with_the_memory),
		cmocka_unit_test(counts_what_is_held),
		cmocka_unit_test(ends_with_the_cpu_time_and_stays_so),
		cmocka_unit_test(counts_what_was_given_up_as_a_limit),
		cmocka_unit_test(names_all_limits),
	};

	return cmocka_run_group_tests_name("query budget", tests, NULL, NULL);
}
