/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_group.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"
#include "tests/unit/profiler/profile_text.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void adds_up_what_differs_in_other_labels_alone(void **state)
{
	static const char *const names[] = { "comm", "exe" };
	_cleanup_(profile_freep) struct profile *profile =
		profile_of_text("comm=x,pid=1|m;f 1\ncomm=x,pid=2|m;f 2\ncomm=y,exe=e,pid=3|m;f 4\n"
				"pid=4|m;f 8\n");
	_cleanup_(profile_freep) struct profile *by_both = NULL, *by_none = NULL;

	(void)state;
	assert_int_equal(profile_group(profile, names, 2, NULL, &by_both), 0);
	assert_profile_is(by_both, "comm=x|m;f 3\ncomm=y,exe=e|m;f 4\n|m;f 8\n");
	assert_int_equal(profile_group(profile, NULL, 0, NULL, &by_none), 0);
	assert_profile_is(by_none, "|m;f 15\n");
}

static void ends_with_the_budget(void **state)
{
	static const char *const names[] = { "comm" };
	_cleanup_(profile_freep) struct profile *profile = profile_of_text("comm=x|m;f 1\n");
	_cleanup_(profile_freep) struct profile *grouped = NULL;
	struct query_budget budget;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, 1);
	assert_int_equal(profile_group(profile, names, 1, &budget, &grouped), -EDQUOT);
	assert_null(grouped);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_what_differs_in_other_labels_alone),
		cmocka_unit_test(ends_with_the_budget),
	};

	return cmocka_run_group_tests_name("profile group", tests, NULL, NULL);
}
