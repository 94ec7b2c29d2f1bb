/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_windows.h"

#define START_S        1700000000LL
#define BELIEVED_TICKS 60
#define BOUND_BYTES    (1LL << 20)

/* A window with one sample, of a thread that no other has, with so long a name. */
static void add_window(struct database *database, int64_t start_s, size_t name_bytes)
{
	struct window_entry entry = { .count = 1, .value = 1 };
	struct history_thread thread = { .tid = (uint32_t)start_s };
	char *name = malloc(name_bytes + 32);
	int length = snprintf(name, 32, "%lld ", (long long)start_s);

	memset(name + length, 'n', name_bytes);
	name[(size_t)length + name_bytes] = '\0';
	assert_int_equal(history_string_put(database, name, &thread.name), 0);
	assert_int_equal(history_thread_put(database, &thread, &entry.thread), 0);
	assert_int_equal(
		history_windows_add(database, &(struct history_draft){ 0, start_s, 1, &entry, 1 }),
		0);
	free(name);
}

static struct history_gone tick(struct history_retention *retention, struct database *database,
				int64_t now_s)
{
	struct history_gone gone = { 0 };
	int r;

	assert_int_equal(history_retention_begin(retention, database, now_s), 0);
	while ((r = history_retention_step(retention, database, &gone)) == 1)
		;
	assert_int_equal(r, 0);
	return gone;
}

static int64_t number_of(struct database *database, const char *sql)
{
	int64_t number;

	assert_int_equal(database_get_number(database, sql, &number), 0);
	return number;
}

static struct database *world_with_windows(int n_windows)
{
	struct database *database = history_world_new();

	for (int i = 0; i < n_windows; i++)
		add_window(database, START_S + 10LL * i, 10);
	assert_int_equal(database_commit(database), 0);
	return database;
}

static void what_is_too_old_leaves_and_what_it_used(void **state)
{
	struct history_retention retention = { .age_s = 100, .bytes = BOUND_BYTES };
	struct database *database = world_with_windows(30);
	struct history_gone gone = tick(&retention, database, START_S + 300);

	(void)state;
	assert_int_equal(gone.windows_expired, 20);
	assert_int_equal(gone.windows_evicted, 0);
	assert_int_equal(gone.rows_collected, 40);
	assert_int_equal(number_of(database, "SELECT min(start) FROM window"), START_S + 200);
	assert_int_equal(number_of(database, "SELECT count(*) FROM thread"), 10);
	/* Not every tick collects. */
	gone = tick(&retention, database, START_S + 320);
	assert_int_equal(gone.windows_expired, 2);
	assert_int_equal(gone.rows_collected, 0);
	history_retention_fini(&retention);
	database_close(database);
}

static void a_leap_of_the_clock_is_believed_when_it_has_lasted(void **state)
{
	struct history_retention retention = { .age_s = 1000, .bytes = BOUND_BYTES };
	struct database *database = world_with_windows(30);

	(void)state;
	tick(&retention, database, START_S + 300);
	for (int i = 1; i < BELIEVED_TICKS; i++)
		assert_int_equal(tick(&retention, database, START_S + 5000).windows_expired, 0);
	assert_int_equal(tick(&retention, database, START_S - 5000).windows_expired, 0);
	for (int i = 1; i < BELIEVED_TICKS; i++)
		assert_int_equal(tick(&retention, database, START_S + 5000).windows_expired, 0);
	assert_int_equal(tick(&retention, database, START_S + 5000).windows_expired, 30);
	database_close(database);
}

static void a_clock_that_is_wrong_at_the_start_is_not_believed(void **state)
{
	struct history_retention retention = { .age_s = 1000, .bytes = BOUND_BYTES };
	struct database *database = world_with_windows(30);

	(void)state;
	assert_int_equal(tick(&retention, database, START_S + 5000).windows_expired, 0);
	assert_int_equal(tick(&retention, database, START_S + 310).windows_expired, 0);
	database_close(database);
}

static int64_t used_bytes(struct database *database, int64_t *ret_bytes)
{
	int64_t free_bytes;

	assert_int_equal(database_get_size(database, ret_bytes, &free_bytes), 0);
	return *ret_bytes - free_bytes;
}

/* Windows take a tenth of what their names do: to forget windows alone would be to forget all. */
static void names_that_are_the_bulk_leave_with_their_windows(void **state)
{
	struct history_retention retention = { .age_s = 1000000, .bytes = BOUND_BYTES };
	struct database *database = world_with_windows(1);
	struct history_gone gone, all = { 0 };
	int64_t now_s = START_S, bytes;

	(void)state;
	for (int i = 0; i < 400; i++, now_s += 10) {
		assert_int_equal(database_begin(database), 0);
		add_window(database, now_s, 5000);
		assert_int_equal(database_commit(database), 0);
		gone = tick(&retention, database, now_s + 10);
		assert_true(used_bytes(database, &bytes) <= BOUND_BYTES);
		assert_true(bytes <= BOUND_BYTES);
		all.windows_evicted += gone.windows_evicted;
		all.rows_collected += gone.rows_collected;
	}
	assert_true(all.windows_evicted > 150);
	assert_true(all.rows_collected > 300);
	assert_true(number_of(database, "SELECT count(*) FROM window") > 80);
	assert_int_equal(number_of(database, "SELECT max(start) FROM window"), now_s - 10);
	database_close(database);
}

static void the_last_window_stays_whatever_it_takes(void **state)
{
	struct history_retention retention = { .age_s = 1000000, .bytes = 1 };
	struct database *database = world_with_windows(30);

	(void)state;
	for (int i = 0; i < 40; i++)
		tick(&retention, database, START_S + 300);
	assert_int_equal(number_of(database, "SELECT count(*) FROM window"), 1);
	assert_int_equal(number_of(database, "SELECT start FROM window"), START_S + 290);
	assert_int_equal(number_of(database, "SELECT count(*) FROM thread"), 1);
	database_close(database);
}

static int64_t file_bytes(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* As ls(1) says it. */
static void the_file_becomes_shorter(void **state)
{
	struct history_retention retention = { .age_s = 1000000, .bytes = 16 * BOUND_BYTES };
	char folder[] = "/tmp/pilotlight-retention.XXXXXX", path[64];
	struct database *database;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/database", folder);
	database = history_world_on_disk(path);
	for (int i = 0; i < 800; i++)
		add_window(database, START_S + 10LL * i, 5000);
	assert_int_equal(database_commit(database), 0);
	tick(&retention, database, START_S + 8000);
	assert_true(file_bytes(path) > 3 * BOUND_BYTES);
	retention.bytes = BOUND_BYTES;
	for (int i = 0; i < 30; i++)
		tick(&retention, database, START_S + 8000);
	assert_true(file_bytes(path) <= BOUND_BYTES);
	database_close(database);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_too_old_leaves_and_what_it_used),
		cmocka_unit_test(a_leap_of_the_clock_is_believed_when_it_has_lasted),
		cmocka_unit_test(a_clock_that_is_wrong_at_the_start_is_not_believed),
		cmocka_unit_test(names_that_are_the_bulk_leave_with_their_windows),
		cmocka_unit_test(the_last_window_stays_whatever_it_takes),
		cmocka_unit_test(the_file_becomes_shorter),
	};

	return cmocka_run_group_tests_name("history_retention", tests, NULL, NULL);
}
