/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_moments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"
#include "profiler/history_retention.h"
#include "profiler/history_windows.h"

#define START_S 1700000000LL
#define HOUR_S  3600

/* A window with one sample in each of its seconds. */
static void add_window(struct database *database, int64_t start_unix_s)
{
	struct window_entry entries[10];
	struct window_moment moments[10];
	const struct history_draft draft = { 0, start_unix_s, 1, entries, 10 };

	for (uint32_t i = 0; i < 10; i++) {
		entries[i] = (struct window_entry){ 1, 2, i, 1, 1 };
		moments[i] = (struct window_moment){ 1, 2, i, 1000 + i, 3, 1 };
	}
	assert_int_equal(history_windows_add(database, &draft), 0);
	assert_int_equal(history_moments_add(database, 0, start_unix_s, moments, 10), 0);
}

static struct database *world_with_windows(int n_windows)
{
	struct database *database = history_world_new();

	for (int i = 0; i < n_windows; i++)
		add_window(database, START_S + 10LL * i);
	assert_int_equal(database_commit(database), 0);
	return database;
}

static int64_t number_of(struct database *database, const char *sql)
{
	int64_t number;

	assert_int_equal(database_get_number(database, sql, &number), 0);
	return number;
}

struct found {
	int64_t first_unix_s, last_unix_s;
	size_t n_moments;
};

static int on_moment(void *context, int64_t unix_s, const struct window_moment *moment)
{
	struct found *found = context;

	if (!found->n_moments++ || unix_s < found->first_unix_s)
		found->first_unix_s = unix_s;
	if (unix_s > found->last_unix_s)
		found->last_unix_s = unix_s;
	assert_int_equal(moment->off_ns, 1000 + moment->second);
	assert_int_equal(moment->cpu, 3);
	return 0;
}

static struct found find(struct database *database, int64_t start_s, int64_t end_s,
			 uint64_t *n_damaged)
{
	const struct history_range range = { 0, start_s, end_s };
	struct found found = { 0 };

	assert_int_equal(history_moments_each(database, &range, on_moment, &found, n_damaged), 0);
	return found;
}

static void tells_the_moments_of_a_range(void **state)
{
	struct database *database = world_with_windows(6);
	uint64_t n_damaged = 0;
	struct found found = find(database, START_S + 5, START_S + 32, &n_damaged);

	(void)state;
	assert_int_equal(found.n_moments, 27);
	assert_int_equal(found.first_unix_s, START_S + 5);
	assert_int_equal(found.last_unix_s, START_S + 31);
	found = find(database, START_S + 60, INT64_MAX, &n_damaged);
	assert_int_equal(found.n_moments, 0);
	assert_int_equal(n_damaged, 0);
	assert_int_equal(database_run(database, "UPDATE moments SET moments = x'00'"
						" WHERE start = 1700000020"),
			 0);
	found = find(database, START_S, START_S + 60, &n_damaged);
	assert_int_equal(found.n_moments, 50);
	assert_int_equal(n_damaged, 1);
	database_close(database);
}

static void tick(struct history_retention *retention, struct database *database, int64_t now_s,
		 struct history_gone *gone)
{
	int r;

	assert_int_equal(history_retention_begin(retention, database, now_s), 0);
	while ((r = history_retention_step(retention, database, gone)) == 1)
		;
	assert_int_equal(r, 0);
}

static void they_stay_for_an_hour_and_windows_longer(void **state)
{
	struct history_retention retention = { .age_s = 10L * HOUR_S, .bytes = 1 << 24 };
	struct database *database = world_with_windows(6);
	struct history_gone gone = { 0 };

	(void)state;
	tick(&retention, database, START_S + 100, &gone);
	assert_int_equal(number_of(database, "SELECT count(*) FROM moments"), 6);
	for (int i = 0; i < 60; i++)
		tick(&retention, database, START_S + HOUR_S + 30, &gone);
	assert_int_equal(number_of(database, "SELECT min(start) FROM moments"), START_S + 30);
	assert_int_equal(number_of(database, "SELECT count(*) FROM window"), 6);
	assert_int_equal(gone.moments_evicted, 0);
	history_retention_fini(&retention);
	database_close(database);
}

static void they_go_with_the_windows(void **state)
{
	struct history_retention retention = { .age_s = 30, .bytes = 1 << 24 };
	struct database *database = world_with_windows(6);
	struct history_gone gone = { 0 };

	(void)state;
	tick(&retention, database, START_S + 60, &gone);
	assert_int_equal(number_of(database, "SELECT min(start) FROM moments"), START_S + 30);
	assert_int_equal(database_run(database, "DELETE FROM window WHERE start < 1700000050"), 0);
	tick(&retention, database, START_S + 60, &gone);
	assert_int_equal(number_of(database, "SELECT min(start) FROM moments"), START_S + 50);
	history_retention_fini(&retention);
	database_close(database);
}

static void the_oldest_go_where_they_take_too_much(void **state)
{
	struct database *database = world_with_windows(30);
	int64_t all_bytes = 0, bytes = 0;
	uint64_t n_gone = 0;

	(void)state;
	assert_int_equal(history_moments_get_bytes(database, &all_bytes), 0);
	assert_int_equal(history_moments_bound(database, all_bytes, &n_gone), 0);
	assert_int_equal(n_gone, 0);
	assert_int_equal(history_moments_bound(database, all_bytes / 2, &n_gone), 0);
	assert_int_equal(n_gone, 15);
	assert_int_equal(history_moments_get_bytes(database, &bytes), 0);
	assert_int_equal(bytes, all_bytes / 2);
	assert_int_equal(number_of(database, "SELECT min(start) FROM moments"), START_S + 150);
	assert_int_equal(history_moments_bound(database, 0, &n_gone), 0);
	assert_int_equal(n_gone, 30);
	assert_int_equal(history_moments_get_bytes(database, &bytes), 0);
	assert_int_equal(bytes, 0);
	database_close(database);
}

static void retention_gives_them_an_eighth_of_the_bytes(void **state)
{
	struct history_retention retention = { .age_s = HOUR_S, .bytes = 1 << 14 };
	struct database *database = world_with_windows(100);
	struct history_gone gone = { 0 };
	int64_t bytes = 0;

	(void)state;
	tick(&retention, database, START_S + 1000, &gone);
	assert_true(gone.moments_evicted > 0);
	assert_int_equal(history_moments_get_bytes(database, &bytes), 0);
	assert_in_range(bytes, 1, 1 << 11);
	history_retention_fini(&retention);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_moments_of_a_range),
		cmocka_unit_test(they_stay_for_an_hour_and_windows_longer),
		cmocka_unit_test(they_go_with_the_windows),
		cmocka_unit_test(the_oldest_go_where_they_take_too_much),
		cmocka_unit_test(retention_gives_them_an_eighth_of_the_bytes),
	};

	return cmocka_run_group_tests_name("history_moments", tests, NULL, NULL);
}
