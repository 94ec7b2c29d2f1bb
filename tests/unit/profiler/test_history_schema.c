/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/database.h"

static struct database *open_empty(const char *name)
{
	struct database *database;

	assert_int_equal(database_open(&(struct database_options){ .path = DATABASE_IN_MEMORY,
								   .name = name },
				       &database),
			 0);
	return database;
}

static int64_t version_of(struct database *database)
{
	int64_t version;

	assert_int_equal(database_get_number(database, "PRAGMA user_version", &version), 0);
	return version;
}

static void an_empty_database_gets_the_newest(void **state)
{
	struct database *database = open_empty("empty");

	(void)state;
	assert_int_equal(history_schema_apply(database), 0);
	assert_int_equal(version_of(database), HISTORY_SCHEMA_VERSION);
	assert_int_equal(history_schema_apply(database), 0);
	database_close(database);
}

static void what_is_newer_or_not_ours_is_left_alone(void **state)
{
	struct database *database = open_empty("other");

	(void)state;
	assert_int_equal(database_run(database, "CREATE TABLE foreign_one (a)"), 0);
	assert_int_equal(history_schema_apply(database), -EPROTO);
	database_close(database);
	database = open_empty("newer");
	assert_int_equal(history_schema_apply(database), 0);
	assert_int_equal(database_run(database, "PRAGMA user_version = 1000"), 0);
	assert_int_equal(history_schema_apply(database), -EPROTO);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_database_gets_the_newest),
		cmocka_unit_test(what_is_newer_or_not_ours_is_left_alone),
	};

	return cmocka_run_group_tests_name("history_schema", tests, NULL, NULL);
}
