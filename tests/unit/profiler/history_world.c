/* SPDX-License-Identifier: Apache-2.0 */
#include "history_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/database.h"
#include "profiler/history_schema.h"

static struct database *open_new(const struct database_options *options)
{
	struct database *database;

	assert_int_equal(database_open(options, &database), 0);
	assert_int_equal(history_schema_apply(database), 0);
	assert_int_equal(database_begin(database), 0);
	return database;
}

struct database *history_world_new(void)
{
	static unsigned int number;
	char name[32];

	snprintf(name, sizeof(name), "world-%u", number++);
	return open_new(&(struct database_options){ .path = DATABASE_IN_MEMORY, .name = name });
}

struct database *history_world_on_disk(const char *path)
{
	return open_new(&(struct database_options){ .path = path });
}
