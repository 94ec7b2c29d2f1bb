/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_sums.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_moments.h"
#include "profiler/history_windows.h"
#include "profiler/past_sample.h"
#include "profiler/query_budget.h"

enum { N_THREADS = 4, N_STACKS = 9, END_S = 5000, PERIOD = 10, MOST_STEPS = END_S };

/* What there is of each thread and stack in each second. */
static uint8_t counts[N_THREADS][N_STACKS][END_S];

/* Hours of windows, the older ones rolled up, with some that come late. */
static struct database *make_history(void)
{
	struct database *database = history_world_new();
	struct window_entry entries[30];
	uint64_t n_damaged = 0;
	uint32_t random = 1;

	memset(counts, 0, sizeof(counts));
	for (int i = 0; i < 700; i++) {
		int64_t start_s = (i * HISTORY_FIRST_SPAN_S * 3) % END_S / 10 * 10;

		for (size_t k = 0; k < 30; k++) {
			random = random * 1664525 + 1013904223;
			entries[k] = (struct window_entry){
				.thread = (random >> 8) % N_THREADS,
				.stack = (random >> 12) % N_STACKS,
				.second = (random >> 20) % HISTORY_FIRST_SPAN_S,
				.count = 1 + (random >> 31),
			};
			entries[k].value = entries[k].count * PERIOD;
			counts[entries[k].thread][entries[k].stack][start_s + entries[k].second] +=
				entries[k].count;
		}
		assert_int_equal(
			history_windows_add(database, &(struct history_draft){ 0, start_s, PERIOD,
									       entries, 30 }),
			0);
	}
	while (history_windows_roll_up(database, END_S - 100, &n_damaged) == 1)
		;
	assert_int_equal(n_damaged, 0);
	return database;
}

static size_t read_past(struct database *database, const struct past_wish *wish,
			struct past_sample **ret_samples)
{
	uint64_t n_damaged = 0;
	size_t n_samples;

	assert_int_equal(past_sums_read(database, wish, ret_samples, &n_samples, &n_damaged), 0);
	assert_int_equal(n_damaged, 0);
	return n_samples;
}

static uint64_t count_of(uint32_t thread, uint32_t stack, int64_t start_s, int64_t end_s)
{
	uint64_t count = 0;

	for (int64_t s = start_s; s < end_s; s++)
		count += counts[thread][stack][s];
	return count;
}

static void totals_are_those_of_each_thread_and_stack(void **state)
{
	struct database *database = make_history();

	(void)state;
	for (int64_t start_s = 0; start_s < END_S; start_s += 617) {
		const struct past_wish wish = { start_s,
						start_s + 601 < END_S ? start_s + 601 : END_S };
		struct past_sample *samples;
		size_t n_samples = read_past(database, &wish, &samples);

		assert_int_equal(n_samples, N_THREADS * N_STACKS);
		for (size_t i = 0; i < n_samples; i++) {
			assert_int_equal(samples[i].thread, i / N_STACKS);
			assert_int_equal(samples[i].stack, i % N_STACKS);
			assert_int_equal(samples[i].count,
					 count_of(samples[i].thread, samples[i].stack, start_s,
						  wish.end_unix_s));
			assert_int_equal(samples[i].value, samples[i].count * PERIOD);
		}
		free(samples);
	}
	database_close(database);
}

static uint64_t count_of_all_threads(uint32_t stack, int64_t start_s, int64_t end_s)
{
	uint64_t count = 0;

	for (uint32_t thread = 0; thread < N_THREADS; thread++)
		count += count_of(thread, stack, start_s, end_s);
	return count;
}

enum { N_KNOWN = 5 };

/* Nothing is lost, be a stack there once or several times. */
static void expect_stacks(struct database *database, bool are_summed)
{
	const struct past_wish wish = { 100, END_S, PAST_STACKS };
	uint64_t found[N_STACKS] = { 0 };
	struct past_sample *samples;
	size_t n_samples = read_past(database, &wish, &samples);

	for (size_t i = 0; i < n_samples; i++) {
		uint32_t stack = samples[i].stack;

		assert_true(!found[stack] || !are_summed || stack > N_KNOWN);
		found[stack] += samples[i].count;
		assert_int_equal(samples[i].value, samples[i].count * PERIOD);
	}
	for (uint32_t i = 0; i < N_STACKS; i++)
		assert_int_equal(found[i], count_of_all_threads(i, 100, END_S));
	free(samples);
}

static void stacks_are_those_of_all_threads(void **state)
{
	struct database *database = make_history();
	uint32_t number = 0;

	(void)state;
	for (uint32_t frame = 1; number < N_KNOWN; frame++)
		assert_int_equal(history_stack_put(database, &frame, 1, &number), 0);
	expect_stacks(database, true);
	/* A place for each number would take too much now. */
	assert_int_equal(database_run(database, "INSERT INTO stack (id, hash, frames)"
						" VALUES (4000000000, 0, x'01')"),
			 0);
	expect_stacks(database, false);
	database_close(database);
}

/* Each step of each thread has what its seconds have. */
static void expect_steps(struct database *database, const struct past_wish *wish)
{
	static uint64_t sums[N_THREADS][MOST_STEPS];
	struct past_sample *samples;
	size_t n_samples = read_past(database, wish, &samples);
	int64_t half_ns = NS_PER_SECOND / 2;

	memset(sums, 0, sizeof(sums));
	for (size_t i = 0; i < n_samples; i++) {
		int64_t step =
			time_grid_step(&wish->grid, samples[i].unix_s * NS_PER_SECOND + half_ns);

		assert_in_range(samples[i].unix_s, wish->start_unix_s, wish->end_unix_s - 1);
		assert_in_range(step, 0, MOST_STEPS - 1);
		assert_int_equal(sums[samples[i].thread][step], 0); /* each pair once */
		sums[samples[i].thread][step] = samples[i].count;
		assert_int_equal(samples[i].value, samples[i].count * PERIOD);
	}
	free(samples);
	for (int64_t s = wish->start_unix_s; s < wish->end_unix_s; s++) {
		int64_t step = time_grid_step(&wish->grid, s * NS_PER_SECOND + half_ns);

		for (uint32_t thread = 0; thread < N_THREADS; thread++)
			for (uint32_t stack = 0; stack < N_STACKS; stack++)
				sums[thread][step] -= counts[thread][stack][s];
	}
	for (size_t i = 0; i < N_THREADS * (size_t)MOST_STEPS; i++)
		assert_int_equal(sums[i / MOST_STEPS][i % MOST_STEPS], 0);
}

static void steps_are_the_sums_of_their_seconds(void **state)
{
	static const int64_t steps_ns[] = { 0,
					    NS_PER_MS * 700,
					    NS_PER_SECOND,
					    NS_PER_MS * 2500,
					    NS_PER_SECOND * 10,
					    NS_PER_SECOND * 60,
					    NS_PER_SECOND * 601,
					    NS_PER_SECOND * 3600,
					    INT64_MAX };
	struct database *database = make_history();

	(void)state;
	for (size_t i = 0; i < sizeof(steps_ns) / sizeof(steps_ns[0]); i++) {
		for (int64_t start_s = 0; start_s < END_S; start_s += 1237) {
			struct past_wish wish = { start_s, END_S - 13, PAST_STEPS };

			wish.grid.start_unix_ns = start_s * NS_PER_SECOND;
			wish.grid.step_ns = steps_ns[i];
			if (steps_ns[i] != NS_PER_MS * 700 || start_s > END_S / 2)
				expect_steps(database, &wish);
		}
	}
	database_close(database);
}

static void times_are_by_second_where_there_are_moments(void **state)
{
	struct past_wish wish = { 7, END_S - 13, PAST_TIMES };
	struct database *database = make_history();
	struct window_moment moment = { .thread = 2, .stack = 3, .off_ns = 5 };
	struct past_sample *samples;
	uint64_t count = 0, expected = 0;
	size_t n_samples;

	(void)state;
	while (!counts[2][3][4000 + moment.second])
		moment.second++;
	moment.count = counts[2][3][4000 + moment.second];
	assert_int_equal(history_moments_add(database, 0, 4000, &moment, 1), 0);
	wish.grid.step_ns = 900 * NS_PER_SECOND;
	n_samples = read_past(database, &wish, &samples);
	for (size_t i = 0; i < n_samples; i++) {
		count += samples[i].count;
		if (!samples[i].is_exact)
			continue;
		assert_int_equal(samples[i].unix_s, 4000 + moment.second);
		assert_int_equal(samples[i].off_ns, 5);
		assert_int_equal(samples[i].count, moment.count);
	}
	assert_true(n_samples > 900);
	assert_true(n_samples < N_THREADS * (5UL + END_S - 13 - 4000) + 1);
	for (uint32_t i = 0; i < N_THREADS * N_STACKS; i++)
		expected += count_of(i / N_STACKS, i % N_STACKS, 7, END_S - 13);
	assert_int_equal(count, expected);
	free(samples);
	database_close(database);
}

static void moments_are_all_that_there_is(void **state)
{
	const struct past_wish wish = { 33, 4444, PAST_MOMENTS };
	struct database *database = make_history();
	struct past_sample *samples;
	size_t n_samples = read_past(database, &wish, &samples);

	(void)state;
	for (size_t i = 0; i < n_samples; i++) {
		const struct past_sample *sample = &samples[i];

		assert_in_range(sample->unix_s, 33, 4443);
		counts[sample->thread][sample->stack][sample->unix_s] -= sample->count;
	}
	for (uint32_t i = 0; i < N_THREADS * N_STACKS; i++)
		assert_int_equal(count_of(i / N_STACKS, i % N_STACKS, 33, 4444), 0);
	free(samples);
	database_close(database);
}

static void ends_are_the_first_and_the_last_time(void **state)
{
	const struct past_wish wish = { 101, 4301, PAST_ENDS };
	struct database *database = make_history();
	struct past_sample *samples;
	size_t n_samples = read_past(database, &wish, &samples);

	(void)state;
	assert_int_equal(n_samples, 2 * N_THREADS * N_STACKS);
	for (uint32_t i = 0; i < N_THREADS * N_STACKS; i++) {
		const uint8_t *seconds = counts[i / N_STACKS][i % N_STACKS];
		int64_t first_s = 101, last_s = 4300, first_found = INT64_MAX, last_found = 0;
		uint64_t count = 0;

		for (; !seconds[first_s]; first_s++)
			;
		for (; !seconds[last_s]; last_s--)
			;
		for (size_t k = 0; k < n_samples; k++) {
			if (samples[k].thread != i / N_STACKS || samples[k].stack != i % N_STACKS)
				continue;
			count += samples[k].count;
			if (samples[k].unix_s < first_found)
				first_found = samples[k].unix_s;
			if (samples[k].unix_s > last_found)
				last_found = samples[k].unix_s;
		}
		assert_int_equal(count, count_of(i / N_STACKS, i % N_STACKS, 101, 4301));
		assert_int_equal(first_found, first_s);
		assert_int_equal(last_found, last_s);
	}
	free(samples);
	database_close(database);
}

static void ends_with_the_budget(void **state)
{
	struct query_budget budget;
	struct past_wish wish = { 0, END_S, PAST_MOMENTS, .budget = &budget };
	struct database *database = make_history();
	struct past_sample *samples = NULL;
	uint64_t n_damaged = 0;
	size_t n_samples;

	(void)state;
	for (wish.detail = PAST_TOTALS; wish.detail <= PAST_MOMENTS; wish.detail++) {
		query_budget_init(&budget, QUERY_CPU_NS, 100);
		assert_int_equal(past_sums_read(database, &wish, &samples, &n_samples, &n_damaged),
				 -EDQUOT);
		assert_int_equal(query_budget_limits(&budget), 1 << QUERY_LIMIT_MEMORY);
	}
	assert_null(samples);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_are_those_of_each_thread_and_stack),
		cmocka_unit_test(stacks_are_those_of_all_threads),
		cmocka_unit_test(steps_are_the_sums_of_their_seconds),
		cmocka_unit_test(times_are_by_second_where_there_are_moments),
		cmocka_unit_test(moments_are_all_that_there_is),
		cmocka_unit_test(ends_are_the_first_and_the_last_time),
		cmocka_unit_test(ends_with_the_budget),
	};

	return cmocka_run_group_tests_name("past_sums", tests, NULL, NULL);
}
