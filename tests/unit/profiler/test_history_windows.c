/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/query_budget.h"
#include "profiler/time_grid.h"

#define PERIOD 10000000
#define HOUR_S 3600

/* What was found of a range. */
struct sums {
	uint64_t count;
	uint64_t value;
	uint64_t hash; /* of who and where, by how often: the order does not matter */
};

static void sums_add(struct sums *sums, const struct window_row *row, uint64_t salt)
{
	sums->count += row->count;
	sums->value += row->value;
	sums->hash += row->count * (row->thread * 2654435761U ^ row->stack * 40503U ^ salt);
}

static int on_rows(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	(void)start_unix_s;
	for (size_t i = 0; i < rows->n_rows; i++)
		sums_add(context, &rows->rows[i], 0);
	return 0;
}

static int on_entries(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	for (size_t i = 0; i < rows->n_entries; i++) {
		const struct window_entry *entry = &rows->entries[i];
		struct window_row row = { entry->thread, entry->stack, entry->count, entry->value };

		sums_add(context, &row, (uint64_t)(start_unix_s + entry->second) * 97);
	}
	return 0;
}

static struct sums sums_of(struct database *database, int64_t start_s, int64_t end_s)
{
	struct history_range range = { .start_unix_s = start_s, .end_unix_s = end_s };
	struct sums sums = { 0 };
	uint64_t n_damaged = 0;

	assert_int_equal(history_windows_visit(
				 database, &range,
				 &(struct history_visitor){ .on_rows = on_rows, .context = &sums },
				 &n_damaged),
			 0);
	assert_int_equal(n_damaged, 0);
	return sums;
}

static struct sums moments_of(struct database *database, int64_t start_s, int64_t end_s)
{
	struct history_range range = { .start_unix_s = start_s, .end_unix_s = end_s };
	struct sums sums = { 0 };
	uint64_t n_damaged = 0;

	assert_int_equal(history_windows_visit(database, &range,
					       &(struct history_visitor){ .on_entries = on_entries,
									  .context = &sums },
					       &n_damaged),
			 0);
	return sums;
}

static void assert_same(struct sums a, struct sums b)
{
	assert_int_equal(a.count, b.count);
	assert_true(a.value == b.value);
	assert_true(a.hash == b.hash);
}

/* So many samples in a window, by a few threads, most of them in few stacks. */
static void add_window(struct database *database, int64_t start_s, size_t n_entries)
{
	struct window_entry *entries = calloc(n_entries, sizeof(*entries));

	for (size_t i = 0; i < n_entries; i++)
		entries[i] = (struct window_entry){
			.thread = 1 + (uint32_t)(i * i % 7),
			.stack = 1 + (uint32_t)((i * 31 + (size_t)start_s) % (1 + i)),
			.second = (uint32_t)(i % HISTORY_FIRST_SPAN_S),
			.count = 1,
			.value = PERIOD,
		};
	assert_int_equal(
		history_windows_add(database, &(struct history_draft){ 0, start_s, PERIOD, entries,
								       n_entries }),
		0);
	free(entries);
}

static int64_t count_windows(struct database *database)
{
	int64_t n_windows;

	assert_int_equal(database_get_number(database, "SELECT count(*) FROM window", &n_windows),
			 0);
	return n_windows;
}

static void roll_all_up(struct database *database, int64_t now_s)
{
	uint64_t n_damaged = 0;
	int r;

	while ((r = history_windows_roll_up(database, now_s, &n_damaged)) == 1)
		;
	assert_int_equal(r, 0);
	assert_int_equal(n_damaged, 0);
}

static void a_range_has_the_samples_of_its_seconds(void **state)
{
	struct database *database = history_world_new();

	(void)state;
	add_window(database, 100, 50);
	add_window(database, 110, 50);
	assert_int_equal(sums_of(database, 0, 1000).count, 100);
	assert_int_equal(sums_of(database, 100, 110).count, 50);
	assert_int_equal(sums_of(database, 109, 111).count, 10);
	assert_int_equal(sums_of(database, 105, 105).count, 0);
	assert_int_equal(sums_of(database, 120, 1000).count, 0);
	assert_int_equal(sums_of(database, 109, 110).value, 5 * PERIOD);
	database_close(database);
}

static void rolling_up_changes_no_range(void **state)
{
	static const int64_t ranges[][2] = { { 0, 9 * HOUR_S }, { HOUR_S, 2 * HOUR_S },
					     { 3601, 3602 },    { 4799, 4801 },
					     { 3599, 7201 },    { 5000, 5010 } };
	struct sums before[6], moments[6];
	struct database *database = history_world_new();

	(void)state;
	for (int64_t s = 0; s < 2 * HOUR_S; s += HISTORY_FIRST_SPAN_S)
		add_window(database, s, (size_t)(1 + s % 40));
	add_window(database, 5000, 33); /* these came late */
	for (int i = 0; i < 6; i++) {
		before[i] = sums_of(database, ranges[i][0], ranges[i][1]);
		moments[i] = moments_of(database, ranges[i][0], ranges[i][1]);
		assert_int_equal(before[i].count, moments[i].count);
	}
	for (int64_t now_s = 0; now_s < 6 * HOUR_S; now_s += 500) {
		roll_all_up(database, now_s);
		for (int i = 0; i < 6; i++) {
			assert_same(sums_of(database, ranges[i][0], ranges[i][1]), before[i]);
			assert_same(moments_of(database, ranges[i][0], ranges[i][1]), moments[i]);
		}
	}
	assert_int_equal(count_windows(database), 2);
	database_close(database);
}

static void only_what_is_old_is_rolled_up(void **state)
{
	struct database *database = history_world_new();

	(void)state;
	for (int64_t s = 0; s < HOUR_S; s += HISTORY_FIRST_SPAN_S)
		add_window(database, s, 5);
	roll_all_up(database, 60);
	assert_int_equal(count_windows(database), 360);
	roll_all_up(database, HOUR_S);
	/* five times ten minutes, nine minutes, six times ten seconds */
	assert_int_equal(count_windows(database), 5 + 9 + 6);
	database_close(database);
}

static void windows_too_large_to_be_one_stay_apart(void **state)
{
	struct database *database = history_world_new();
	struct sums before;

	(void)state;
	for (int64_t s = 0; s < 60; s += HISTORY_FIRST_SPAN_S)
		add_window(database, s, WINDOW_ROWS_MAX / 3);
	before = sums_of(database, 0, 60);
	roll_all_up(database, HOUR_S * 3);
	assert_true(count_windows(database) > 1);
	assert_same(sums_of(database, 0, 60), before);
	database_close(database);
}

static void a_draft_too_large_for_a_window_becomes_several(void **state)
{
	struct database *database = history_world_new();
	struct sums whole;

	(void)state;
	add_window(database, 0, WINDOW_ROWS_MAX + 10000);
	assert_int_equal(count_windows(database), 2);
	whole = sums_of(database, 0, 10);
	assert_int_equal(whole.count, WINDOW_ROWS_MAX + 10000);
	roll_all_up(database, HOUR_S * 3);
	assert_int_equal(count_windows(database), 2);
	assert_same(sums_of(database, 0, 10), whole);
	database_close(database);
}

static void what_is_damaged_is_counted(void **state)
{
	struct history_range range = { .start_unix_s = 0, .end_unix_s = 100 };
	struct database *database = history_world_new();
	struct sums sums = { 0 };
	const struct history_visitor visitor = { .on_rows = on_rows, .context = &sums };
	uint64_t n_damaged = 0;

	(void)state;
	add_window(database, 0, 5);
	add_window(database, 10, 5);
	assert_int_equal(
		database_run(database, "UPDATE window SET totals = x'00' WHERE start = 10"), 0);
	assert_int_equal(history_windows_visit(database, &range, &visitor, &n_damaged), 0);
	assert_int_equal(sums.count, 5);
	assert_int_equal(n_damaged, 1);
	database_close(database);
}

/* Else a file made by a stranger would keep a reader busy for hours. */
static void what_is_damaged_takes_time_from_the_budget(void **state)
{
	struct history_range range = { .start_unix_s = 0, .end_unix_s = 100 };
	struct database *database = history_world_new();
	struct sums sums = { 0 };
	struct query_budget budget;
	const struct history_visitor visitor = { .budget = &budget,
						 .on_rows = on_rows,
						 .context = &sums };
	uint64_t n_damaged = 0;

	(void)state;
	add_window(database, 0, 5);
	assert_int_equal(database_run(database, "UPDATE window SET totals = x'00'"), 0);
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	assert_int_equal(history_windows_visit(database, &range, &visitor, &n_damaged), 0);
	assert_int_equal(n_damaged, 1);
	query_budget_init(&budget, 0, QUERY_BYTES);
	assert_int_equal(history_windows_visit(database, &range, &visitor, &n_damaged), -EDQUOT);
	assert_int_equal(n_damaged, 1);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_CPU_TIME));
	database_close(database);
}

/* What the callbacks of a visit were given. */
struct shown {
	struct sums sums;
	size_t n_rows_shown, n_entries_shown;
};

static int show_rows(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct shown *shown = context;

	shown->n_rows_shown++;
	return on_rows(&shown->sums, start_unix_s, rows);
}

static int show_entries(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct shown *shown = context;

	shown->n_entries_shown++;
	return on_rows(&shown->sums, start_unix_s, rows);
}

static void windows_within_a_step_are_shown_without_seconds(void **state)
{
	struct history_range range = { .start_unix_s = 5, .end_unix_s = 55 };
	struct database *database = history_world_new();
	struct time_grid grid = { .start_unix_ns = 5 * NS_PER_SECOND,
				  .step_ns = 20 * NS_PER_SECOND };
	struct shown shown = { 0 };
	const struct history_visitor visitor = {
		.grid = &grid, .on_rows = show_rows, .on_entries = show_entries, .context = &shown
	};
	uint64_t n_damaged = 0;

	(void)state;
	for (int64_t s = 0; s < 60; s += HISTORY_FIRST_SPAN_S)
		add_window(database, s, 50);
	assert_int_equal(history_windows_visit(database, &range, &visitor, &n_damaged), 0);
	assert_int_equal(shown.n_rows_shown, 3);    /* at 10, 30 and 50 */
	assert_int_equal(shown.n_entries_shown, 3); /* at 0, 20 and 40 */
	assert_same(shown.sums, sums_of(database, 5, 55));
	shown = (struct shown){ 0 };
	grid = (struct time_grid){ 0 };
	assert_int_equal(history_windows_visit(database, &range, &visitor, &n_damaged), 0);
	assert_int_equal(shown.n_entries_shown, 0);
	assert_same(shown.sums, sums_of(database, 5, 55));
	database_close(database);
}

/* No sum overflows, and who rolls up goes on. */
static void times_beyond_time_are_damage(void **state)
{
	struct history_range all = { .start_unix_s = 0, .end_unix_s = INT64_MAX };
	struct database *database = history_world_new();
	struct sums sums = { 0 };
	const struct history_visitor visitor = { .on_rows = on_rows, .context = &sums };
	uint64_t n_damaged = 0;

	(void)state;
	for (int64_t s = 0; s < 60; s += HISTORY_FIRST_SPAN_S)
		add_window(database, s, 5);
	assert_int_equal(database_run(database, "UPDATE window SET start = -9223372036854775808"
						" WHERE start = 0;"
						"UPDATE window SET start = 9223372036854775806"
						" WHERE start = 10;"
						"UPDATE window SET span = 9223372036854775807"
						" WHERE start = 20"),
			 0);
	assert_int_equal(history_windows_visit(database, &all, &visitor, &n_damaged), 0);
	assert_int_equal(sums.count, 3 * 5);
	assert_int_equal(n_damaged, 2);
	roll_all_up(database, HOUR_S * 3);
	sums = (struct sums){ 0 };
	assert_int_equal(history_windows_visit(database, &all, &visitor, &n_damaged), 0);
	assert_int_equal(sums.count, 3 * 5);
	database_close(database);
}

static void the_oldest_go_first(void **state)
{
	struct database *database = history_world_new();
	uint64_t n_gone;

	(void)state;
	add_window(database, 0, 5);
	add_window(database, 10, 5);
	add_window(database, 20, 5);
	assert_int_equal(history_windows_expire(database, 19, &n_gone), 0);
	assert_int_equal(n_gone, 1);
	assert_int_equal(history_windows_evict(database), 1);
	assert_int_equal(sums_of(database, 0, 100).count, 5);
	assert_int_equal(sums_of(database, 20, 30).count, 5);
	assert_int_equal(history_windows_evict(database), 1);
	assert_int_equal(history_windows_evict(database), 0);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_the_samples_of_its_seconds),
		cmocka_unit_test(rolling_up_changes_no_range),
		cmocka_unit_test(only_what_is_old_is_rolled_up),
		cmocka_unit_test(windows_too_large_to_be_one_stay_apart),
		cmocka_unit_test(a_draft_too_large_for_a_window_becomes_several),
		cmocka_unit_test(what_is_damaged_is_counted),
		cmocka_unit_test(what_is_damaged_takes_time_from_the_budget),
		cmocka_unit_test(windows_within_a_step_are_shown_without_seconds),
		cmocka_unit_test(times_beyond_time_are_damage),
		cmocka_unit_test(the_oldest_go_first),
	};

	return cmocka_run_group_tests_name("history_windows", tests, NULL, NULL);
}
