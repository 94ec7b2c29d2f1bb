/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/database.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct database *open_in_memory(const char *name, bool is_read_only)
{
	const struct database_options options = {
		.path = DATABASE_IN_MEMORY,
		.name = name,
		.is_read_only = is_read_only,
	};
	struct database *database;

	assert_int_equal(database_open(&options, &database), 0);
	return database;
}

static int64_t number_of(struct database *database, const char *sql)
{
	int64_t number = -1;

	assert_int_equal(database_get_number(database, sql, &number), 0);
	return number;
}

static void what_was_committed_is_seen_by_others(void **state)
{
	struct database *writer = open_in_memory("seen", false);
	struct database *reader;

	(void)state;
	assert_int_equal(database_run(writer, "CREATE TABLE t (id INTEGER PRIMARY KEY)"), 0);
	assert_int_equal(database_begin(writer), 0);
	assert_int_equal(database_run(writer, "INSERT INTO t VALUES (1), (2)"), 0);
	assert_int_equal(database_commit(writer), 0);
	assert_int_equal(database_begin(writer), 0);
	assert_int_equal(database_run(writer, "DELETE FROM t"), 0);
	database_rollback(writer);
	reader = open_in_memory("seen", true);
	assert_int_equal(number_of(reader, "SELECT count(*) FROM t"), 2);
	assert_int_equal(database_run(reader, "DELETE FROM t"), -EROFS);
	database_close(reader);
	database_close(writer);
}

static void a_number_that_no_row_can_have_is_damage(void **state)
{
	struct database *database = open_in_memory("numbers", false);
	sqlite3_stmt *statement;
	uint32_t number = 0;

	(void)state;
	assert_int_equal(database_run(database, "CREATE TABLE t (id INTEGER)"), 0);
	assert_int_equal(database_prepare(database, "SELECT id FROM t", &statement), 0);
	assert_int_equal(database_find_number(database, statement, &number), 0);
	assert_int_equal(database_run(database, "INSERT INTO t VALUES (4294967296)"), 0);
	assert_int_equal(database_find_number(database, statement, &number), -EBADMSG);
	assert_int_equal(database_run(database, "UPDATE t SET id = 4294967295"), 0);
	assert_int_equal(database_find_number(database, statement, &number), 1);
	assert_int_equal(number, UINT32_MAX);
	database_close(database);
}

/* A file may have them, since a stranger may have made it. One would never end, one never let go.
 */
static void views_and_triggers_are_not_run(void **state)
{
	struct database *database = open_in_memory("strange", false);
	int64_t number;

	(void)state;
	assert_int_equal(
		database_run(
			database,
			"CREATE VIEW v AS WITH RECURSIVE n(i) AS"
			" (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
			"CREATE TABLE t (i);"
			"CREATE TRIGGER again AFTER DELETE ON t BEGIN INSERT INTO t VALUES (1);"
			" END; INSERT INTO t VALUES (1); DELETE FROM t"),
		0);
	assert_int_equal(number_of(database, "SELECT count(*) FROM t"), 0);
	assert_int_equal(database_get_number(database, "SELECT count(*) FROM v", &number),
			 -EBADMSG);
	database_close(database);
}

static void tables_that_are_not_ours_are_damage(void **state)
{
	struct database *database = open_in_memory("foreign", false);
	sqlite3_stmt *statement;
	int64_t number;

	(void)state;
	assert_int_equal(database_run(database, "CREATE TABLE t (id INTEGER PRIMARY KEY, n,"
						" CHECK (n < 5)); CREATE VIEW v AS SELECT 1 AS n"),
			 0);
	assert_int_equal(database_get_number(database, "SELECT m FROM t", &number), -EBADMSG);
	assert_int_equal(database_get_number(database, "SELECT n FROM no_table", &number),
			 -EBADMSG);
	assert_int_equal(database_prepare(database, "INSERT INTO v VALUES (1)", &statement),
			 -EBADMSG);
	assert_int_equal(database_run(database, "INSERT INTO t VALUES (1, 9)"), -EBADMSG);
	assert_int_equal(database_run(database, "INSERT INTO t VALUES ('one', 1)"), -EBADMSG);
	assert_int_equal(database_commit(database), -EIO); /* nothing was begun */
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_committed_is_seen_by_others),
		cmocka_unit_test(a_number_that_no_row_can_have_is_damage),
		cmocka_unit_test(views_and_triggers_are_not_run),
		cmocka_unit_test(tables_that_are_not_ours_are_damage),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
