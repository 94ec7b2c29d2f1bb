/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_points.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/label_groups.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct label_groups *, label_groups_free)
DEFINE_CLEANUP(struct selector *, selector_free)

enum { MOST_GROUPS = 8 };

struct seen {
	uint64_t counts[MOST_GROUPS];
	uint64_t value;
	int64_t first_unix_ns, last_unix_ns;
};

static int on_point(void *context, const struct query_point *point)
{
	struct seen *seen = context;

	assert_in_range(point->group, 0, MOST_GROUPS - 1);
	assert_int_equal(point->quantum_ns, 1);
	seen->counts[point->group] += point->count;
	seen->value += point->value;
	if (!seen->first_unix_ns || point->unix_ns < seen->first_unix_ns)
		seen->first_unix_ns = point->unix_ns;
	if (point->unix_ns > seen->last_unix_ns)
		seen->last_unix_ns = point->unix_ns;
	return 0;
}

/* Processes "even" and "odd", 20 samples of either, by turns, in two dictionaries. */
static struct store *two_processes(void)
{
	struct store *store = store_fixture_new();

	for (int i = 0; i < 40; i++) {
		uint32_t number = i % 2 ? 1 : 2;
		const struct label labels[] = { { "comm", i % 2 ? "odd" : "even" } };
		const struct store_process process = { number, number, labels, 1 };
		const struct sample sample = {
			.time_unix_ns = FIXTURE_START_NS + i * FIXTURE_TICK_NS,
			.value = FIXTURE_TICK_NS,
			.weight = 1,
			.thread = number,
			.stack = FIXTURE_STACK,
		};

		if (i == 20)
			store_fixture_describe(store, 2);
		assert_int_equal(store_add_process(store, &process), 0);
		assert_int_equal(store_add_thread(store, number, number, number, "t"), 0);
		assert_int_equal(store_add_samples(store, &sample, 1), 1);
	}
	return store;
}

static struct query whole(void)
{
	return (struct query){ FIXTURE_START_NS, FIXTURE_START_NS + NS_PER_SECOND, NULL, NULL };
}

static void tells_time_and_group_of_each_sample(void **state)
{
	static const char *const names[] = { "comm" };
	_cleanup_(store_freep) struct store *store = two_processes();
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	struct seen seen = { 0 };
	const struct query_point_callback callback = { on_point, &seen };
	const struct query query = whole();

	(void)state;
	assert_int_equal(label_groups_new(names, ARRAY_SIZE(names), &groups), 0);
	assert_int_equal(query_each_point(store, &query, groups, &callback), 0);
	assert_int_equal(label_groups_count(groups), 2);
	assert_string_equal(label_group_value(label_groups_get(groups, 0), "comm"), "even");
	assert_string_equal(label_group_value(label_groups_get(groups, 1), "comm"), "odd");
	assert_int_equal(seen.counts[0], 20);
	assert_int_equal(seen.counts[1], 20);
	assert_int_equal(seen.value, 40 * FIXTURE_TICK_NS);
	assert_int_equal(seen.first_unix_ns, FIXTURE_START_NS);
	assert_int_equal(seen.last_unix_ns, FIXTURE_START_NS + 39 * FIXTURE_TICK_NS);
}

static void tells_only_what_is_selected(void **state)
{
	_cleanup_(store_freep) struct store *store = two_processes();
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	_cleanup_(selector_freep) struct selector *selector = NULL;
	struct seen seen = { 0 };
	const struct query_point_callback callback = { on_point, &seen };
	struct query query = whole();
	char error[64];

	(void)state;
	assert_int_equal(selector_parse("{comm=\"odd\"}", &selector, error, sizeof(error)), 0);
	assert_int_equal(label_groups_new(NULL, 0, &groups), 0);
	query.selector = selector;
	query.end_unix_ns = FIXTURE_START_NS + 10 * FIXTURE_TICK_NS;
	assert_int_equal(query_each_point(store, &query, groups, &callback), 0);
	assert_int_equal(label_groups_count(groups), 1);
	assert_int_equal(label_groups_get(groups, 0)->n_labels, 0);
	assert_int_equal(seen.counts[0], 5);
}

static int on_point_fail(void *context, const struct query_point *point)
{
	(void)context;
	(void)point;
	return -ECANCELED;
}

static void ends_when_told_to_and_when_it_cost_too_much(void **state)
{
	_cleanup_(store_freep) struct store *store = two_processes();
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	struct seen seen = { 0 };
	const struct query_point_callback callback = { on_point, &seen };
	const struct query_point_callback failing = { .on_point = on_point_fail };
	struct query_budget budget;
	struct query query = whole();

	(void)state;
	assert_int_equal(label_groups_new(NULL, LABEL_GROUPS_BY_ALL, &groups), 0);
	assert_int_equal(query_each_point(store, &query, groups, &failing), -ECANCELED);
	query.budget = &budget;
	query_budget_init(&budget, 0, QUERY_BYTES);
	assert_int_equal(query_each_point(store, &query, groups, &callback), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_CPU_TIME));
	query_budget_init(&budget, QUERY_CPU_NS, 1);
	assert_int_equal(query_each_point(store, &query, groups, &callback), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
	assert_false(query_budget_has_met(&budget, QUERY_LIMIT_CPU_TIME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_time_and_group_of_each_sample),
		cmocka_unit_test(tells_only_what_is_selected),
		cmocka_unit_test(ends_when_told_to_and_when_it_cost_too_much),
	};

	return cmocka_run_group_tests_name("query points", tests, NULL, NULL);
}
