/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_schema.h"

#include <errno.h>
#include <stdio.h>

#include "profiler/base/array.h"
#include "profiler/database.h"

/* "PlHi": so that file(1) and others can tell. */
#define APPLICATION_ID 0x506c4869

/*
 * What makes version i + 1 of version i. A step that has been released never changes.
 *
 * A hash has an index, and is no key: two contents may share one. Columns that are mostly not read
 * come last, since SQLite reads a row from its front.
 */
static const char *const steps[HISTORY_SCHEMA_VERSION] = {
	"CREATE TABLE string (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE file (id INTEGER PRIMARY KEY, path INTEGER NOT NULL, build_id BLOB NOT NULL,"
	"  owner INTEGER NOT NULL, size INTEGER NOT NULL, changed INTEGER NOT NULL,"
	"  segments BLOB NOT NULL DEFAULT x'', UNIQUE (path, build_id, owner, size, changed));"
	"CREATE TABLE frame (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, file INTEGER NOT NULL,"
	"  place INTEGER NOT NULL, name INTEGER NOT NULL);"
	"CREATE UNIQUE INDEX frame_by_place ON frame (place, file, kind, name);"
	"CREATE TABLE stack (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, frames BLOB NOT NULL);"
	"CREATE INDEX stack_by_hash ON stack (hash);"
	"CREATE TABLE label_set (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL,"
	"  labels BLOB NOT NULL);"
	"CREATE INDEX label_set_by_hash ON label_set (hash);"
	"CREATE TABLE thread (id INTEGER PRIMARY KEY, label_set INTEGER NOT NULL,"
	"  tid INTEGER NOT NULL, name INTEGER NOT NULL, UNIQUE (label_set, tid, name));"
	"CREATE TABLE window (id INTEGER PRIMARY KEY, type INTEGER NOT NULL,"
	"  start INTEGER NOT NULL, span INTEGER NOT NULL, totals BLOB NOT NULL,"
	"  seconds BLOB NOT NULL);"
	"CREATE INDEX window_by_start ON window (start, type);"
	"CREATE INDEX window_by_span ON window (span, start);",

	"CREATE TABLE moments (window INTEGER PRIMARY KEY, moments BLOB NOT NULL);",

	"DROP TABLE moments;"
	"CREATE TABLE moments (id INTEGER PRIMARY KEY, type INTEGER NOT NULL,"
	"  start INTEGER NOT NULL, moments BLOB NOT NULL);"
	"CREATE INDEX moments_by_start ON moments (start, type);",
};

static int schema_step(struct database *database, int64_t version)
{
	char set_version[64];
	int r;

	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %lld",
		 (long long)version + 1);
	r = database_begin(database);
	if (r == 0)
		r = database_run(database, steps[version]);
	if (r == 0)
		r = database_run(database, set_version);
	if (r == 0)
		r = database_commit(database);
	if (r < 0)
		database_rollback(database);
	return r;
}

/* Is it ours, or empty? */
static int schema_check(struct database *database, int64_t *ret_version)
{
	int64_t application, n_tables;
	int r;

	r = database_get_number(database, "PRAGMA application_id", &application);
	if (r == 0)
		r = database_get_number(database, "PRAGMA user_version", ret_version);
	if (r == 0)
		r = database_get_number(database, "SELECT count(*) FROM sqlite_schema", &n_tables);
	if (r < 0)
		return r;
	if (application != APPLICATION_ID && (application || *ret_version || n_tables))
		return -EPROTO;
	return *ret_version > HISTORY_SCHEMA_VERSION || *ret_version < 0 ? -EPROTO : 0;
}

int history_schema_apply(struct database *database)
{
	char set_application[64];
	int64_t version;
	int r;

	r = schema_check(database, &version);
	if (r < 0)
		return r;
	if (version == 0) {
		snprintf(set_application, sizeof(set_application), "PRAGMA application_id = %d",
			 APPLICATION_ID);
		r = database_run(database, set_application);
	}
	for (; r == 0 && version < HISTORY_SCHEMA_VERSION; version++)
		r = schema_step(database, version);
	return r;
}
