/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct selector *, selector_free)

static void tells_samples_one_by_one_in_order_of_time(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *merged = NULL;
	_cleanup_(profile_freep) struct profile *timed = NULL;
	struct query query = { FIXTURE_START_NS + 1, FIXTURE_START_NS + 10 * NS_PER_SECOND, NULL };
	const int64_t offsets[] = { 3 * NS_PER_SECOND + 5, 0, NS_PER_SECOND + 7, 20, 10 };
	const int64_t sorted[] = { 10, 20, NS_PER_SECOND + 7, 3 * NS_PER_SECOND + 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		if (i == 2)
			store_fixture_describe(store, 2);
		store_fixture_add_sample(store, FIXTURE_START_NS + offsets[i]);
	}
	assert_int_equal(query_run_timed(store, &query, &timed), 0);
	assert_int_equal(timed->n_moments, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		assert_int_equal(timed->moments[i].time_unix_ns, FIXTURE_START_NS + sorted[i]);
		assert_int_equal(timed->moments[i].count, 1);
		assert_int_equal(timed->moments[i].value, FIXTURE_TICK_NS);
		assert_int_equal(timed->moments[i].stack, timed->samples[0].stack);
		assert_int_equal(timed->moments[i].label_set, timed->samples[0].label_set);
	}
	assert_int_equal(timed->n_samples, 1);
	assert_int_equal(timed->samples[0].count, ARRAY_SIZE(sorted));
	assert_int_equal(query_run(store, &query, &merged), 0);
	assert_int_equal(merged->n_moments, 0);
}

static void tells_nothing_of_samples_that_are_not_selected(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(selector_freep) struct selector *selector = NULL;
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct query query = { FIXTURE_START_NS, INT64_MAX, NULL };
	char error[256];

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(selector_parse("{comm!=\"api\"}", &selector, error, sizeof(error)), 0);
	query.selector = selector;
	assert_int_equal(query_run_timed(store, &query, &profile), 0);
	assert_int_equal(profile->n_moments, 0);
}

static void tells_the_leaf_alone_if_that_suffices(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *whole = NULL;
	_cleanup_(profile_freep) struct profile *leaves = NULL;
	struct query query = { FIXTURE_START_NS, INT64_MAX, NULL };

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(query_run(store, &query, &whole), 0);
	assert_int_equal(query_run_leaves(store, &query, &leaves), 0);
	assert_int_equal(whole->n_frames, 3);
	assert_int_equal(leaves->n_frames, 1);
	assert_int_equal(leaves->locations[0].address, whole->locations[0].address);
	assert_int_equal(leaves->samples[0].value, whole->samples[0].value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_samples_one_by_one_in_order_of_time),
		cmocka_unit_test(tells_the_leaf_alone_if_that_suffices),
		cmocka_unit_test(tells_nothing_of_samples_that_are_not_selected),
	};

	return cmocka_run_group_tests_name("query_timed", tests, NULL, NULL);
}
