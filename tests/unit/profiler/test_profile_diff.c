/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_diff.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"
#include "tests/unit/profiler/profile_text.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void has_both_and_marks_the_base(void **state)
{
	_cleanup_(profile_freep) struct profile *base =
		profile_of_text("comm=x|m;f 4\ncomm=x,thread=t|m;h 8\n|m 3\n");
	_cleanup_(profile_freep) struct profile *after =
		profile_of_text("comm=x|m;f 5\ncomm=y|m;g 2\n");
	_cleanup_(profile_freep) struct profile *diff = NULL;

	(void)state;
	after->start_unix_ns = 100;
	base->start_unix_ns = 50;
	assert_int_equal(profile_diff(base, after, NULL, &diff), 0);
	assert_int_equal(diff->start_unix_ns, 100);
	assert_profile_is(diff, "comm=x,pprof::base=true,thread=t|m;h -8\n"
				"comm=x,pprof::base=true|m;f -4\n"
				"comm=x|m;f 5\n"
				"comm=y|m;g 2\n"
				"pprof::base=true|m -3\n");
}

/* Sums of @diff, by stack. */
static int64_t *sums_of(const struct profile *diff)
{
	int64_t *sums = calloc(diff->n_stacks + 1, sizeof(*sums));

	assert_non_null(sums);
	for (size_t i = 0; i < diff->n_samples; i++) {
		const struct profile_sample *sample = &diff->samples[i];

		sums[sample->stack] +=
			sample->is_base ? -(int64_t)sample->value : (int64_t)sample->value;
	}
	return sums;
}

static void comes_to_nothing_between_a_thing_and_itself(void **state)
{
	_cleanup_(profile_freep) struct profile *profile =
		profile_of_text("comm=x|m;f 4\ncomm=y|m;f 1\n|m;h+i 8\n");
	_cleanup_(profile_freep) struct profile *diff = NULL;
	_cleanup_(freep) int64_t *sums = NULL;

	(void)state;
	assert_int_equal(profile_diff(profile, profile, NULL, &diff), 0);
	assert_int_equal(diff->n_samples, 6);
	assert_int_equal(diff->n_stacks, 2);
	sums = sums_of(diff);
	for (size_t i = 0; i < diff->n_stacks; i++)
		assert_int_equal(sums[i], 0);
}

/* What is held already leaves less of it. */
static void ends_with_the_budget(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_of_text("comm=x|m;f 4\n");
	_cleanup_(profile_freep) struct profile *diff = NULL, *again = NULL;
	struct query_budget budget;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	assert_int_equal(profile_diff(profile, profile, &budget, &diff), 0);
	query_budget_hold(&budget, QUERY_BYTES - profile_bytes(diff) / 2);
	assert_int_equal(profile_diff(profile, profile, &budget, &again), -EDQUOT);
	assert_null(again);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_both_and_marks_the_base),
		cmocka_unit_test(comes_to_nothing_between_a_thing_and_itself),
		cmocka_unit_test(ends_with_the_budget),
	};

	return cmocka_run_group_tests_name("profile diff", tests, NULL, NULL);
}
