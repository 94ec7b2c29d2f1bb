/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_moments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/heatmap.h"
#include "profiler/past_sample.h"
#include "profiler/past_sums.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "tests/unit/profiler/life.h"

#define HOUR_S  3600
#define END_S   (LIFE_START_S + 60)
#define SAMPLES 1000

DEFINE_CLEANUP(struct profile *, profile_free)

static struct profile *read_timed(const struct life *life)
{
	const struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
				     .end_unix_ns = END_S * NS_PER_SECOND };
	struct profile *profile;

	assert_int_equal(query_run_timed(life->store, &query, &profile), 0);
	return profile;
}

/* On two CPUs, at times of which no two are of one kind. */
static void add_samples(const struct life *life)
{
	for (int i = 0; i < SAMPLES; i++) {
		struct sample sample = {
			.time_unix_ns = LIFE_START_S * NS_PER_SECOND + i * 29876543LL + i % 7,
			.value = FIXTURE_TICK_NS + (i == 500),
			.weight = i == 400 ? 3 : 1,
			.thread = FIXTURE_THREAD,
			.stack = FIXTURE_STACK,
			.cpu = (uint16_t)(i % 2),
		};

		assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	}
}

static void assert_same_moments(const struct profile *found, const struct profile *expected)
{
	assert_int_equal(found->n_moments, expected->n_moments);
	for (size_t i = 0; i < found->n_moments; i++) {
		assert_int_equal(found->moments[i].time_unix_ns, expected->moments[i].time_unix_ns);
		assert_int_equal(found->moments[i].cpu, expected->moments[i].cpu);
		assert_int_equal(found->moments[i].count, expected->moments[i].count);
		assert_false(found->moments[i].is_coarse);
	}
}

static void sums_of(const struct profile *profile, uint64_t *ret_count, uint64_t *ret_value)
{
	*ret_count = 0;
	*ret_value = 0;
	for (size_t i = 0; i < profile->n_moments; i++) {
		*ret_count += profile->moments[i].count;
		*ret_value += profile->moments[i].value;
	}
}

static void exact_times_survive_a_restart_and_roll_ups(void **state)
{
	struct life *life = *state;
	_cleanup_(profile_freep) struct profile *before = NULL, *after = NULL, *later = NULL;
	uint64_t count, value, found_count, found_value;

	add_samples(life);
	before = read_timed(life);
	assert_int_equal(before->n_moments, SAMPLES);
	sums_of(before, &count, &value);
	life_tick(life, INT64_MAX, END_S);
	life_end(life);
	life_begin(life);
	after = read_timed(life);
	assert_same_moments(after, before);
	sums_of(after, &found_count, &found_value);
	assert_int_equal(found_count, count);
	assert_int_equal(found_value, value);
	for (int i = 1; i < 60; i++)
		life_tick(life, INT64_MAX, END_S + i * 58L);
	assert_true(life_status(life).roll_ups > 1);
	assert_true(life_status(life).moments_bytes > 0);
	later = read_timed(life);
	assert_same_moments(later, before);
}

static void after_an_hour_only_seconds_are_left(void **state)
{
	struct life *life = *state;
	_cleanup_(profile_freep) struct profile *before = NULL, *after = NULL;
	uint64_t count, value, found_count, found_value;

	add_samples(life);
	before = read_timed(life);
	sums_of(before, &count, &value);
	for (int i = 0; i < 80; i++)
		life_tick(life, INT64_MAX, END_S + i * 60L);
	assert_int_equal(life_status(life).moments_bytes, 0);
	life_end(life);
	life_begin(life);
	after = read_timed(life);
	assert_int_equal(after->n_moments, 30); /* of one thread and stack, in so many seconds */
	for (size_t i = 0; i < after->n_moments; i++) {
		assert_true(after->moments[i].is_coarse);
		assert_int_equal(after->moments[i].time_unix_ns % NS_PER_SECOND, NS_PER_SECOND / 2);
	}
	sums_of(after, &found_count, &found_value);
	assert_int_equal(found_count, count);
	assert_int_equal(found_value, value);
}

static void heat_maps_are_the_same_after_a_restart(void **state)
{
	struct life *life = *state;
	const struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
				     .end_unix_ns = END_S * NS_PER_SECOND };
	const struct heatmap_options options = { .n_rows = 50, .max_columns = 600 };
	struct heatmap before, after;

	add_samples(life);
	assert_int_equal(heatmap_init(life->store, &query, &options, &before), 0);
	life_tick(life, INT64_MAX, END_S);
	life_end(life);
	life_begin(life);
	assert_int_equal(heatmap_init(life->store, &query, &options, &after), 0);
	assert_int_equal(after.n_columns, before.n_columns);
	assert_int_equal(after.count, before.count);
	assert_int_equal(after.value, before.value);
	assert_memory_equal(after.counts, before.counts,
			    before.n_columns * before.n_rows * sizeof(*before.counts));
	for (size_t i = 0; i < after.n_columns; i++)
		assert_int_equal(after.coarse[i], 0);
	heatmap_fini(&before);
	heatmap_fini(&after);
}

static void where_memory_does_not_suffice_the_older_ones_stay_coarse(void **state)
{
	struct life *life = *state;
	struct query_budget budget;
	struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
			       .end_unix_ns = END_S * NS_PER_SECOND,
			       .budget = &budget };
	_cleanup_(profile_freep) struct profile *before = NULL, *after = NULL;
	uint64_t count, value, found_count, found_value;
	int64_t last_coarse_ns = 0, first_exact_ns = INT64_MAX;

	add_samples(life);
	before = read_timed(life);
	sums_of(before, &count, &value);
	life_tick(life, INT64_MAX, END_S);
	life_end(life);
	life_begin(life);
	query_budget_init(&budget, 10 * NS_PER_SECOND, 80000); /* for some 500 of 1000 */
	assert_int_equal(query_run_timed(life->store, &query, &after), 0);
	sums_of(after, &found_count, &found_value);
	assert_int_equal(found_count, count);
	assert_int_equal(found_value, value);
	for (size_t i = 0; i < after->n_moments; i++) {
		const struct profile_moment *moment = &after->moments[i];

		if (moment->is_coarse)
			last_coarse_ns = moment->time_unix_ns;
		else if (moment->time_unix_ns < first_exact_ns)
			first_exact_ns = moment->time_unix_ns;
	}
	assert_true(last_coarse_ns > 0 && first_exact_ns < INT64_MAX);
	assert_true(last_coarse_ns < first_exact_ns + 10 * NS_PER_SECOND);
}

/* Each sample is of a thread of its own: a sum of one. */
static void add_threads(const struct life *life)
{
	for (uint32_t i = 0; i < SAMPLES; i++) {
		struct sample sample = {
			.time_unix_ns = LIFE_START_S * NS_PER_SECOND + i * 29876543LL,
			.value = FIXTURE_TICK_NS,
			.weight = 1,
			.thread = 1000 + i,
			.stack = FIXTURE_STACK,
		};

		assert_int_equal(
			store_add_thread(life->store, 1000 + i, FIXTURE_PROCESS, 1000 + i, "one"),
			0);
		assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	}
}

static void where_sums_take_the_memory_the_latest_times_stay(void **state)
{
	struct life *life = *state;
	_cleanup_(database_closep) struct database *database = NULL;
	_cleanup_(freep) struct past_sample *samples = NULL;
	struct query_budget budget;
	const struct past_wish wish = { .start_unix_s = LIFE_START_S,
					.end_unix_s = END_S,
					.detail = PAST_MOMENTS,
					.budget = &budget };
	uint64_t n_damaged = 0;
	size_t n_samples, n_exact = 0;
	char path[128];

	add_threads(life);
	life_tick(life, INT64_MAX, END_S);
	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	/* A quarter holds 600 samples; a half holds 1200, the 1000 sums among them. */
	query_budget_init(&budget, QUERY_CPU_NS, 4 * 600 * sizeof(struct past_sample));
	assert_int_equal(past_sums_read(database, &wish, &samples, &n_samples, &n_damaged), 0);
	assert_int_equal(n_samples, SAMPLES);
	for (size_t i = 0; i < n_samples; i++) {
		n_exact += samples[i].is_exact;
		assert_true(!samples[i].is_exact || samples[i].unix_s >= LIFE_START_S + 10);
	}
	assert_int_equal(n_exact, 200);
	life_begin(life);
}

/* Somebody has changed the file. */
static void change(struct life *life, const char *sql)
{
	_cleanup_(database_closep) struct database *database = NULL;
	char path[128];

	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	assert_int_equal(database_run(database, sql), 0);
	database = database_close(database);
	life_begin(life);
}

static void what_lacks_its_moments_is_there_by_its_second(void **state)
{
	struct life *life = *state;
	_cleanup_(profile_freep) struct profile *before = NULL, *after = NULL;
	uint64_t count, value, found_count, found_value;
	size_t n_coarse = 0;

	add_samples(life);
	before = read_timed(life);
	sums_of(before, &count, &value);
	life_tick(life, INT64_MAX, END_S);
	change(life, "DELETE FROM moments WHERE start = 1700000010;"
		     "INSERT INTO moments (type, start, moments)"
		     " SELECT type, start, moments FROM moments");
	after = read_timed(life);
	sums_of(after, &found_count, &found_value);
	assert_int_equal(found_count, count);
	assert_int_equal(found_value, value);
	for (size_t i = 0; i < after->n_moments; i++)
		n_coarse += after->moments[i].is_coarse;
	assert_int_equal(n_coarse, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(exact_times_survive_a_restart_and_roll_ups,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(after_an_hour_only_seconds_are_left, life_set_up,
						life_tear_down),
		cmocka_unit_test_setup_teardown(heat_maps_are_the_same_after_a_restart, life_set_up,
						life_tear_down),
		cmocka_unit_test_setup_teardown(
			where_memory_does_not_suffice_the_older_ones_stay_coarse, life_set_up,
			life_tear_down),
		cmocka_unit_test_setup_teardown(where_sums_take_the_memory_the_latest_times_stay,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(what_lacks_its_moments_is_there_by_its_second,
						life_set_up, life_tear_down),
	};

	return cmocka_run_group_tests_name("past_moments", tests, NULL, NULL);
}
