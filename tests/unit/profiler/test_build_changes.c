/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/build_changes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_key.h"
#include "profiler/history.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct selector *, selector_free)

enum { MOST = 10, N_STACKS = 1000 };

/* File @number is build @build of @path: a stack of that number leads through it, twice. */
static void add_build(struct store *store, uint32_t number, const char *path, uint8_t build)
{
	const struct elf_description description = {
		.build_id = { .bytes = { build, 0xcd }, .n_bytes = build ? 2 : 0 },
	};
	const struct binary_key key = { .build_id = description.build_id };
	const struct frame frames[] = {
		{ FRAME_NATIVE, number, 0x100 },
		{ FRAME_NATIVE, number, 0x200 },
		{ FRAME_CUT, 0, 0 },
	};

	assert_int_equal(store_add_file(store, number, path), 0);
	assert_int_equal(store_describe_file(store, number, &description), 0);
	assert_int_equal(store_set_file_key(store, number, &key), 0);
	assert_int_equal(store_add_stack(store, number, frames, 3), 0);
}

static void add_sample(struct store *store, uint32_t stack, int64_t unix_ns)
{
	const struct sample sample = {
		.time_unix_ns = unix_ns,
		.value = FIXTURE_TICK_NS,
		.weight = 1,
		.thread = FIXTURE_THREAD,
		.stack = stack,
	};

	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}

static struct query minutes_around(int64_t unix_ns)
{
	return (struct query){ unix_ns - 600 * NS_PER_SECOND, unix_ns + 600 * NS_PER_SECOND };
}

/* Builds 1 and 2 of a program; the first is there for three seconds, the other from the 4th on. */
static struct store *two_builds(void)
{
	struct store *store = store_fixture_new();

	add_build(store, 100, "/opt/app", 1);
	add_build(store, 101, "/opt/app", 2);
	for (int i = 0; i < 10; i++)
		add_sample(store, i < 4 ? 100 : 101, FIXTURE_START_NS + i * NS_PER_SECOND);
	return store;
}

static void tells_when_a_file_was_another_build(void **state)
{
	_cleanup_(store_freep) struct store *store = two_builds();
	_cleanup_(build_changes_fini) struct build_changes found = { 0 };
	const struct query query = minutes_around(FIXTURE_START_NS);

	(void)state;
	assert_int_equal(build_changes_init(store, &query, MOST, &found), 0);
	assert_int_equal(found.n_changes, 1);
	assert_int_equal(found.n_left_out, 0);
	assert_string_equal(found.changes[0].path, "/opt/app");
	assert_int_equal(found.changes[0].unix_ns, FIXTURE_START_NS + 4 * NS_PER_SECOND);
	assert_int_equal(found.changes[0].before_until_unix_ns,
			 FIXTURE_START_NS + 3 * NS_PER_SECOND);
	assert_int_equal(found.changes[0].build_id.bytes[0], 2);
	assert_int_equal(found.changes[0].before.bytes[0], 1);
	assert_int_equal(found.changes[0].count, 6);
}

static void tells_nothing_that_was_not_selected(void **state)
{
	_cleanup_(store_freep) struct store *store = two_builds();
	_cleanup_(selector_freep) struct selector *selector = NULL;
	_cleanup_(build_changes_fini) struct build_changes found = { 0 }, later = { 0 };
	struct query query = minutes_around(FIXTURE_START_NS);
	char error[64];

	(void)state;
	assert_int_equal(selector_parse("{comm!=\"api\"}", &selector, error, sizeof(error)), 0);
	query.selector = selector;
	assert_int_equal(build_changes_init(store, &query, MOST, &found), 0);
	assert_int_equal(found.n_changes, 0);
	query.selector = NULL;
	query.start_unix_ns = FIXTURE_START_NS + 4 * NS_PER_SECOND;
	assert_int_equal(build_changes_init(store, &query, MOST, &later), 0);
	assert_int_equal(later.n_changes, 0);
}

static void takes_the_same_build_and_what_has_no_id_for_no_change(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(build_changes_fini) struct build_changes found = { 0 };
	const struct query query = minutes_around(FIXTURE_START_NS);

	(void)state;
	add_build(store, 100, "/opt/app", 1);
	add_build(store, 101, "/opt/app", 1);
	add_build(store, 102, "/opt/other", 1);
	add_build(store, 103, "/opt/app", 0);
	for (int i = 0; i < 4; i++)
		add_sample(store, 100 + (uint32_t)i, FIXTURE_START_NS + i * NS_PER_SECOND);
	assert_int_equal(build_changes_init(store, &query, MOST, &found), 0);
	assert_int_equal(found.n_changes, 0);
}

static void keeps_those_with_most_samples_in_the_order_of_time(void **state)
{
	static const uint32_t stacks[] = { 100, 102, 104, 105, 105, 103, 101, 101 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(build_changes_fini) struct build_changes found = { 0 };
	const struct query query = minutes_around(FIXTURE_START_NS);

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		add_build(store, 100 + i, (const char *[]){ "/a", "/b", "/c" }[i / 2],
			  (uint8_t)(1 + i % 2));
	for (int i = 0; i < 8; i++)
		add_sample(store, stacks[i], FIXTURE_START_NS + i * NS_PER_SECOND);
	assert_int_equal(build_changes_init(store, &query, 2, &found), 0);
	assert_int_equal(found.n_changes, 2);
	assert_int_equal(found.n_left_out, 1);
	assert_string_equal(found.changes[0].path, "/c");
	assert_string_equal(found.changes[1].path, "/a");
}

static void remembers_builds_of_the_past(void **state)
{
	const struct history_options options = { ":memory:", 1000 * 3600, 64LL << 20 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(build_changes_fini) struct build_changes found = { 0 };
	int64_t now_ns = (clock_unix_ns() / NS_PER_SECOND + 1) * NS_PER_SECOND;
	const struct query query = minutes_around(now_ns);
	const int64_t half_ns = NS_PER_SECOND / 2;
	struct history *history;

	(void)state;
	assert_int_equal(history_open(&options, &history), 0);
	history_attach(history, store);
	add_build(store, 100, "/opt/app", 1);
	add_build(store, 101, "/opt/app", 2);
	for (int i = 0; i < 10; i++) /* all of it before this store was there */
		add_sample(store, i < 4 ? 100 : 101, now_ns + (i - 500) * NS_PER_SECOND);
	assert_int_equal(history_tick(history, store, INT64_MAX, now_ns), 0);
	assert_int_equal(build_changes_init(store, &query, MOST, &found), 0);
	assert_int_equal(found.n_changes, 1);
	assert_int_equal(found.changes[0].unix_ns, now_ns - 496 * NS_PER_SECOND + half_ns);
	assert_int_equal(found.changes[0].before_until_unix_ns,
			 now_ns - 497 * NS_PER_SECOND + half_ns);
	assert_int_equal(found.changes[0].count, 6);
	store = store_free(store);
	history_close(history);
}

static void ends_when_it_has_cost_too_much(void **state)
{
	_cleanup_(store_freep) struct store *store = two_builds();
	struct build_changes found;
	struct query_budget budget;
	struct query query = minutes_around(FIXTURE_START_NS);

	(void)state;
	query.budget = &budget;
	query_budget_init(&budget, QUERY_CPU_NS, 1);
	assert_int_equal(build_changes_init(store, &query, MOST, &found), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

/* It may take long without another file, too. */
static void asks_its_budget_for_each_stack(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(build_changes_fini) struct build_changes found = { 0 };
	struct query_budget ample, budget;
	struct query query = minutes_around(FIXTURE_START_NS);

	(void)state;
	for (uint32_t i = 100; i < 100 + N_STACKS; i++) {
		const struct frame frame = { FRAME_CUT, 0, i };

		assert_int_equal(store_add_stack(store, i, &frame, 1), 0);
	}
	add_sample(store, 100, FIXTURE_START_NS);
	query.budget = &ample;
	query_budget_init(&ample, QUERY_CPU_NS, QUERY_BYTES);
	ample.until_look = 2 * N_STACKS;
	assert_int_equal(build_changes_init(store, &query, MOST, &found), 0);
	assert_true(ample.until_look < N_STACKS);
	query.budget = &budget;
	query_budget_init(&budget, QUERY_CPU_NS, N_STACKS); /* bytes: less than it takes */
	assert_int_equal(build_changes_init(store, &query, MOST, &found), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_when_a_file_was_another_build),
		cmocka_unit_test(tells_nothing_that_was_not_selected),
		cmocka_unit_test(takes_the_same_build_and_what_has_no_id_for_no_change),
		cmocka_unit_test(keeps_those_with_most_samples_in_the_order_of_time),
		cmocka_unit_test(remembers_builds_of_the_past),
		cmocka_unit_test(ends_when_it_has_cost_too_much),
		cmocka_unit_test(asks_its_budget_for_each_stack),
	};

	return cmocka_run_group_tests_name("build changes", tests, NULL, NULL);
}
