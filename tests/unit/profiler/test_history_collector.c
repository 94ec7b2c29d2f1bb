/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_collector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_file.h"
#include "profiler/history_windows.h"

static uint32_t put_string(struct database *database, const char *text)
{
	uint32_t string;

	assert_int_equal(history_string_put(database, text, &string), 0);
	return string;
}

/* A sample of a program at @path, in a window of its own, and all that belongs to it: a path, a
 * file, a frame, a stack, two texts of a label, a label set, a name and a thread. */
static void add_sample(struct database *database, const char *path, int64_t start_s)
{
	struct history_label label = { put_string(database, "exe"), put_string(database, path) };
	struct history_thread thread = { .tid = 1, .name = put_string(database, "main") };
	struct history_file file = { .path = label.value };
	struct history_frame frame = { .kind = FRAME_NATIVE, .place = 4096 };
	struct window_entry entry = { .count = 1, .value = 1 };
	uint32_t number;

	assert_int_equal(history_file_put(database, &file, &frame.file), 0);
	assert_int_equal(history_frame_put(database, &frame, &number), 0);
	assert_int_equal(history_stack_put(database, &number, 1, &entry.stack), 0);
	assert_int_equal(history_label_set_put(database, &label, 1, &thread.label_set), 0);
	assert_int_equal(history_thread_put(database, &thread, &entry.thread), 0);
	assert_int_equal(
		history_windows_add(database, &(struct history_draft){ 0, start_s, 1, &entry, 1 }),
		0);
}

static int64_t count(struct database *database, const char *sql)
{
	int64_t number;

	assert_int_equal(database_get_number(database, sql, &number), 0);
	return number;
}

/* Row by row, so that it is seen to go on where it was. */
static int collect(struct database *database, uint64_t *ret_n_gone)
{
	struct history_collection *collection;
	int r = history_collection_new(database, &collection);

	*ret_n_gone = 0;
	if (r < 0)
		return r;
	while ((r = history_collection_sweep(collection, 1, ret_n_gone)) == 1)
		;
	history_collection_free(collection);
	return r;
}

static void what_no_window_has_goes(void **state)
{
	struct database *database = history_world_new();
	uint64_t n_gone;

	(void)state;
	add_sample(database, "/usr/bin/old", 0);
	add_sample(database, "/usr/bin/new", 10);
	assert_int_equal(collect(database, &n_gone), 0);
	assert_int_equal(n_gone, 0);
	assert_int_equal(history_windows_evict(database), 1);
	assert_int_equal(collect(database, &n_gone), 0);
	/* its path, file, frame, stack, label set and thread; "exe" and "main" are still used */
	assert_int_equal(n_gone, 6);
	assert_int_equal(count(database, "SELECT count(*) FROM string WHERE text LIKE '%old'"), 0);
	assert_int_equal(count(database, "SELECT count(*) FROM string"), 3);
	assert_int_equal(count(database, "SELECT count(*) FROM stack"), 1);
	assert_int_equal(history_windows_evict(database), 1);
	assert_int_equal(collect(database, &n_gone), 0);
	assert_int_equal(n_gone, 8);
	database_close(database);
}

static void what_is_damaged_refers_to_nothing(void **state)
{
	struct database *database = history_world_new();
	uint64_t n_gone;

	(void)state;
	add_sample(database, "/usr/bin/old", 0);
	add_sample(database, "/usr/bin/new", 10);
	assert_int_equal(database_run(database, "UPDATE window SET totals = x'77' WHERE start = 0"),
			 0);
	assert_int_equal(collect(database, &n_gone), 0);
	assert_int_equal(n_gone, 6);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_window_has_goes),
		cmocka_unit_test(what_is_damaged_refers_to_nothing),
	};

	return cmocka_run_group_tests_name("history_collector", tests, NULL, NULL);
}
