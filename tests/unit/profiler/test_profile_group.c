/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
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
	assert_int_equal(profile_group(profile, names, 2, &by_both), 0);
	assert_profile_is(by_both, "comm=x|m;f 3\ncomm=y,exe=e|m;f 4\n|m;f 8\n");
	assert_int_equal(profile_group(profile, NULL, 0, &by_none), 0);
	assert_profile_is(by_none, "|m;f 15\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_what_differs_in_other_labels_alone),
	};

	return cmocka_run_group_tests_name("profile group", tests, NULL, NULL);
}
