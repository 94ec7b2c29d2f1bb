/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "tests/unit/profiler/life.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* After the start of life, and how many samples it has. */
struct range {
	int64_t start_ms, end_ms;
	uint64_t count;
};

/* Else marks of that many frames would take more than a query may. */
static void a_frame_that_cannot_be_is_one_damage_and_no_end(void **state)
{
	struct life *life = *state;
	_cleanup_(database_closep) struct database *database = NULL;
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct query_budget budget;
	const struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
				     .end_unix_ns = (LIFE_START_S + 60) * NS_PER_SECOND,
				     .budget = &budget };
	char path[128];

	life_add_samples(life, LIFE_START_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	/* The number 2^26 − 1, alone (profiler/varint.h). */
	assert_int_equal(database_run(database, "UPDATE stack SET frames = x'ffffff1f'"), 0);
	database = database_close(database);
	life_begin(life);
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	assert_int_equal(query_run(life->store, &query, &profile), 0);
	assert_int_equal(profile->n_samples, 0);
	assert_int_equal(life_status(life).damaged, 1);
}

static uint64_t count_of(const struct profile *profile)
{
	uint64_t count = 0;

	for (size_t i = 0; i < profile->n_samples; i++)
		count += profile->samples[i].count;
	return count;
}

/* Each stack once, without labels, and as many samples as with them. */
static void assert_stacks_alone_have_as_many(struct life *life, struct query query, uint64_t count)
{
	_cleanup_(profile_freep) struct profile *alone = NULL;

	query.is_unlabeled = true;
	assert_int_equal(query_run(life->store, &query, &alone), 0);
	assert_int_equal(count_of(alone), count);
	assert_int_equal(alone->n_labels, 0);
	assert_int_equal(alone->n_samples, alone->n_stacks);
}

static void sums_of(struct life *life, const struct range *range, uint64_t *ret_merged,
		    uint64_t *ret_timed)
{
	const int64_t start_ns = LIFE_START_S * NS_PER_SECOND;
	const struct query query = { .start_unix_ns = start_ns + range->start_ms * NS_PER_MS,
				     .end_unix_ns = start_ns + range->end_ms * NS_PER_MS };
	_cleanup_(profile_freep) struct profile *merged = NULL, *timed = NULL;

	assert_int_equal(query_run(life->store, &query, &merged), 0);
	assert_int_equal(query_run_timed(life->store, &query, &timed), 0);
	*ret_merged = count_of(merged);
	*ret_timed = 0;
	assert_stacks_alone_have_as_many(life, query, *ret_merged);
	for (size_t i = 0; i < timed->n_moments; i++)
		*ret_timed += timed->moments[i].count;
}

/* Samples are 30 ms apart. */
static const struct range ranges[] = {
	{ 12480, 12500, 1 },  { 12500, 12520, 1 }, { 12520, 12530, 0 },   { 12490, 13490, 33 },
	{ 5300, 17900, 420 }, { 0, 1000, 34 },     { 10500, 30000, 650 },
};

static void short_ranges_are_the_same_in_history(void **state)
{
	struct life *life = *state;
	uint64_t merged, timed;

	life_add_samples(life, LIFE_START_S, 1000);
	for (int is_in_history = 0; is_in_history < 2; is_in_history++) {
		for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
			sums_of(life, &ranges[i], &merged, &timed);
			assert_int_equal(merged, ranges[i].count);
			assert_int_equal(timed, ranges[i].count);
		}
		life_tick(life, INT64_MAX, LIFE_START_S + 60);
		life_end(life);
		life_begin(life);
	}
}

/* Whole seconds by their middle, as of what has no exact times any more. */
static void long_ranges_are_seconds_in_history(void **state)
{
	static const struct range early = { 400, 61000, 1000 }, late = { 600, 61000, 966 };
	static const struct range forgotten = { 400, 2000, 67 };
	struct life *life = *state;
	uint64_t merged, timed;

	life_add_samples(life, LIFE_START_S, 1000);
	for (int64_t s = 60; s < 2 * 3600; s += 60)
		life_tick(life, INT64_MAX, LIFE_START_S + s);
	life_end(life);
	life_begin(life);
	assert_int_equal(life_status(life).moments_bytes, 0);
	sums_of(life, &early, &merged, &timed);
	assert_int_equal(merged, early.count);
	sums_of(life, &late, &merged, &timed);
	assert_int_equal(merged, late.count);
	sums_of(life, &forgotten, &merged, &timed);
	assert_int_equal(merged, forgotten.count);
	assert_int_equal(timed, forgotten.count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_frame_that_cannot_be_is_one_damage_and_no_end,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(short_ranges_are_the_same_in_history, life_set_up,
						life_tear_down),
		cmocka_unit_test_setup_teardown(long_ranges_are_seconds_in_history, life_set_up,
						life_tear_down),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
