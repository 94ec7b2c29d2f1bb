/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/series_set.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/heatmap.h"
#include "profiler/label_groups.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/sums_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct selector *, selector_free)

static const char *const by_comm[] = { "comm" };

static struct series_set make(struct store *store, struct query query, int64_t step_ns,
			      size_t max_series)
{
	const struct series_options options = { by_comm, 1, step_ns, max_series };
	struct series_set set;

	assert_int_equal(series_set_init(store, &query, &options, &set), 0);
	return set;
}

static struct series_sum profile_sum(struct store *store, const struct query *query)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct series_sum sum = { 0, 0 };

	assert_int_equal(query_run(store, query, &profile), 0);
	for (size_t i = 0; i < profile->n_samples; i++) {
		sum.count += profile->samples[i].count;
		sum.value += profile->samples[i].value;
	}
	return sum;
}

static void assert_sums_are_equal(struct series_sum sum, uint64_t count, uint64_t value)
{
	assert_int_equal(sum.count, count);
	assert_int_equal(sum.value, value);
}

/* Whatever adds samples up by steps has what its series have, and these what the set has. */
static void assert_adds_up(const struct series_set *set)
{
	struct series_sum all = { 0, 0 };

	for (size_t i = 0; i < set->n_series; i++) {
		const struct series *series = &set->series[i];
		struct series_sum sum = { 0, 0 };

		for (size_t k = 0; k < set->n_steps; k++) {
			sum.count += series->steps[k].count;
			sum.value += series->steps[k].value;
		}
		assert_sums_are_equal(series->total, sum.count, sum.value);
		all.count += sum.count;
		all.value += sum.value;
	}
	assert_sums_are_equal(set->total, all.count, all.value);
}

static void has_in_all_what_the_profile_has(void **state)
{
	static const int64_t steps_ns[] = { INT64_MAX, 7 * NS_PER_SECOND, NS_PER_SECOND, 33333333 };
	static const size_t most[] = { 1, 3, 10, 1000 };
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	struct query query = sums_fixture_query();

	(void)state;
	for (int cut = 0; cut < 4; cut++) {
		const struct series_sum sum = profile_sum(store, &query);
		struct series_set set = make(store, query, steps_ns[cut], most[cut]);
		const struct heatmap_options options = { 1 + (uint32_t)cut * 9, 7 };
		struct heatmap heatmap;

		assert_adds_up(&set);
		assert_sums_are_equal(sum, set.total.count, set.total.value);
		assert_int_equal(heatmap_init(store, &query, &options, &heatmap), 0);
		assert_sums_are_equal(sum, heatmap.count, heatmap.value);
		heatmap_fini(&heatmap);
		series_set_fini(&set);
		query.start_unix_ns += 1234567890;
		query.end_unix_ns -= 987654321;
	}
}

static void puts_the_largest_first_and_adds_up_the_rest(void **state)
{
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	struct query_budget budget;
	struct query query = sums_fixture_query();
	struct series_set all, few;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	query.budget = &budget;
	all = make(store, query, NS_PER_SECOND, 1000);
	assert_false(query_budget_has_met(&budget, QUERY_LIMIT_GROUPS));
	few = make(store, query, NS_PER_SECOND, 3);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_GROUPS));
	assert_in_range(all.n_series, 5, 10);
	assert_int_equal(few.n_series, 4);
	for (size_t i = 0; i < all.n_series; i++) {
		assert_int_equal(all.series[i].n_groups, 1);
		if (i)
			assert_true(all.series[i - 1].total.value >= all.series[i].total.value);
		if (i < 3)
			assert_string_equal(label_group_value(few.series[i].group, "comm"),
					    label_group_value(all.series[i].group, "comm"));
	}
	assert_null(few.series[3].group);
	assert_int_equal(few.series[3].n_groups, all.n_series - 3);
	assert_int_equal(few.total.value, all.total.value);
	series_set_fini(&all);
	series_set_fini(&few);
}

static void selects_as_a_profile_does(void **state)
{
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	_cleanup_(selector_freep) struct selector *with = NULL, *without = NULL;
	struct query query = sums_fixture_query();
	const struct series_sum all = profile_sum(store, &query);
	struct series_set some, others;
	char error[64];

	(void)state;
	assert_int_equal(selector_parse("{comm=~\"task[1-4]\"}", &with, error, sizeof(error)), 0);
	assert_int_equal(selector_parse("{comm!~\"task[1-4]\"}", &without, error, sizeof(error)),
			 0);
	query.selector = with;
	some = make(store, query, NS_PER_SECOND, 2);
	assert_sums_are_equal(profile_sum(store, &query), some.total.count, some.total.value);
	query.selector = without;
	others = make(store, query, NS_PER_SECOND, 2);
	assert_sums_are_equal(all, some.total.count + others.total.count,
			      some.total.value + others.total.value);
	series_set_fini(&some);
	series_set_fini(&others);
}

static void counts_the_steps_of_any_range(void **state)
{
	(void)state;
	assert_int_equal(series_count_steps(0, 10, 10), 1);
	assert_int_equal(series_count_steps(0, 11, 10), 2);
	assert_int_equal(series_count_steps(-5, 6, 10), 2);
	assert_int_equal(series_count_steps(0, 1, INT64_MAX), 1);
	assert_int_equal(series_count_steps(INT64_MIN, INT64_MAX, INT64_MAX), 3);
}

static void ends_when_memory_is_used_up(void **state)
{
	const struct series_options options = { by_comm, 1, NS_PER_MS, 10 };
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	struct query query = sums_fixture_query();
	struct query_budget budget;
	struct series_set set;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, 65536);
	query.budget = &budget;
	assert_int_equal(series_set_init(store, &query, &options, &set), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_in_all_what_the_profile_has),
		cmocka_unit_test(puts_the_largest_first_and_adds_up_the_rest),
		cmocka_unit_test(selects_as_a_profile_does),
		cmocka_unit_test(counts_the_steps_of_any_range),
		cmocka_unit_test(ends_when_memory_is_used_up),
	};

	return cmocka_run_group_tests_name("series set", tests, NULL, NULL);
}
