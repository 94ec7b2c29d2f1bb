/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that say they are history, and have tables that no Pilotlight has made.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"
#include "profiler/history.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "tests/unit/profiler/life.h"

#define MOST_TICKS 3

static void change(const struct life *life, const char *sql)
{
	_cleanup_(database_closep) struct database *database = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	assert_int_equal(database_run(database, sql), 0);
}

static int count_put_aside(const struct life *life)
{
	DIR *folder = opendir(life->folder);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += !strncmp(entry->d_name, "history.sqlite.damaged-", 23) &&
			 !strchr(entry->d_name + 23, '-');
	closedir(folder);
	return count;
}

/* Who asks may get no answer, and finds what is damaged where a tick does not look. */
static void ask(const struct life *life)
{
	const struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
				     .end_unix_ns = (LIFE_START_S + 200) * NS_PER_SECOND };
	struct profile *profile = NULL;

	(void)query_run_timed(life->store, &query, &profile);
	profile_free(profile);
}

/* Begin with such a file; the samples that come are written, into another one. */
static void assert_put_aside(struct life *life, const char *sql)
{
	life_add_samples(life, LIFE_START_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	life_end(life);
	change(life, sql);
	life_begin(life);
	life_add_samples(life, LIFE_START_S + 300, 100);
	for (int i = 0; i < MOST_TICKS && life_status(life).written < 100; i++) {
		ask(life);
		(void)history_tick(life->history, life->store, INT64_MAX,
				   (LIFE_START_S + 360) * NS_PER_SECOND);
	}
	if (life_status(life).written != 100 || count_put_aside(life) != 1)
		fail_msg("%s: %d put aside, %llu written", sql, count_put_aside(life),
			 (unsigned long long)life_status(life).written);
	assert_true(life_status(life).errors[HISTORY_ERROR_DAMAGED] > 0);
	assert_int_equal(life_status(life).errors[HISTORY_ERROR_IO], 0);
}

static void what_is_a_view_or_has_other_columns_is_put_aside(void **state)
{
	static const char *const examples[] = {
		"DROP TABLE window; CREATE VIEW window AS SELECT 1 AS start, 10 AS span",
		"DROP TABLE moments; CREATE VIEW moments AS SELECT 1 AS start",
		"DROP TABLE string; CREATE VIEW string AS SELECT 1 AS id, 'a' AS text",
		"DROP TABLE stack; CREATE VIEW stack AS SELECT 1 AS id",
		"ALTER TABLE window RENAME TO elsewhere",
		"ALTER TABLE window DROP COLUMN seconds",
		"ALTER TABLE thread RENAME COLUMN name TO title",
		("DROP TABLE window; CREATE TABLE window (id INTEGER PRIMARY KEY, type, start,"
		 " span, totals, seconds, CHECK (start < 0))"),
		("DROP TABLE moments; CREATE TABLE moments (id INTEGER PRIMARY KEY, type, start,"
		 " moments, forced NOT NULL)"),
		"PRAGMA user_version = 1", /* the step from there has been made */
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		assert_int_equal(life_set_up(state), 0);
		assert_put_aside(*state, examples[i]);
		assert_int_equal(life_tear_down(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_view_or_has_other_columns_is_put_aside),
	};

	return cmocka_run_group_tests_name("history_foreign", tests, NULL, NULL);
}
