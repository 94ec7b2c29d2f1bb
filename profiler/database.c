/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/database.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

#define MAX_PATH_BYTES 4200
#define MAX_ROW_BYTES  (64 << 20) /* a window takes less (window_rows.h) */

struct statement {
	const char *sql;
	sqlite3_stmt *compiled;
};

struct database {
	sqlite3 *connection;
	struct statement *statements;
	size_t n_statements;
	size_t statement_capacity;
};

/* Of a result of SQLite's that is an error. Our statements mean something, and rows are such as
 * their tables take: where SQLite objects to one, the tables are not those that we have made. */
static int error_of(int result)
{
	static const struct {
		int result;
		int error;
	} errors[] = {
		{ SQLITE_FULL, -ENOSPC },      { SQLITE_READONLY, -EROFS },
		{ SQLITE_PERM, -EROFS },       { SQLITE_CANTOPEN, -EROFS },
		{ SQLITE_CORRUPT, -EBADMSG },  { SQLITE_NOTADB, -EBADMSG },
		{ SQLITE_ERROR, -EBADMSG },    { SQLITE_CONSTRAINT, -EBADMSG },
		{ SQLITE_MISMATCH, -EBADMSG }, { SQLITE_TOOBIG, -EBADMSG },
		{ SQLITE_BUSY, -EBUSY },       { SQLITE_LOCKED, -EBUSY },
		{ SQLITE_NOMEM, -ENOMEM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].result == (result & 0xff))
			return errors[i].error;
	}
	return -EIO;
}

static int result_of(int result)
{
	return result == SQLITE_OK ? 0 : error_of(result);
}

/* A file in WAL mode; free pages are given back when asked for, which has to be said while it is
 * empty. */
static const char on_disk[] = "PRAGMA auto_vacuum = INCREMENTAL;"
			      "PRAGMA journal_mode = WAL;"
			      "PRAGMA journal_size_limit = 4194304;"
			      "PRAGMA synchronous = NORMAL;"
			      "PRAGMA foreign_keys = OFF;";
static const char in_memory[] = "PRAGMA auto_vacuum = INCREMENTAL;"
				"PRAGMA journal_mode = MEMORY;";

/* The file may have been damaged, or made by a stranger: what it says of itself has no say here. */
static void database_harden(sqlite3 *connection)
{
	static const struct {
		int limit;
		int most;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES }, { SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },      { SQLITE_LIMIT_COMPOUND_SELECT, 2 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 50 },        { SQLITE_LIMIT_COLUMN, 100 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		sqlite3_limit(connection, limits[i].limit, limits[i].most);
	sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}

static int database_set_up(struct database *database, const struct database_options *options)
{
	bool is_in_memory = !strcmp(options->path, DATABASE_IN_MEMORY);
	int r;

	sqlite3_busy_timeout(database->connection, options->busy_timeout_ms);
	sqlite3_extended_result_codes(database->connection, 1);
	database_harden(database->connection);
	r = database_run(database, "PRAGMA cell_size_check = ON");
	if (r < 0 || options->is_read_only)
		return r;
	return database_run(database, is_in_memory ? in_memory : on_disk);
}

/* Leaves paths as they are, so that one that is relative to the working directory needs no right to
 * the folders above that. */
static int keep_path(sqlite3_vfs *vfs, const char *path, int n_bytes, char *ret_path)
{
	(void)vfs;
	return snprintf(ret_path, (size_t)n_bytes, "%s", path) < n_bytes ? SQLITE_OK
									 : SQLITE_CANTOPEN;
}

/* The files of the host, by the paths that are given. */
static const char host_vfs_name[] = "pilotlight";
static sqlite3_vfs host_vfs;

static void register_vfs(void)
{
	host_vfs = *sqlite3_vfs_find(NULL);
	host_vfs.zName = host_vfs_name;
	host_vfs.xFullPathname = keep_path;
	sqlite3_vfs_register(&host_vfs, 0);
}

int database_open(const struct database_options *options, struct database **ret_database)
{
	_cleanup_(database_closep) struct database *database = calloc(1, sizeof(*database));
	int flags = options->is_read_only ? SQLITE_OPEN_READONLY
					  : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	static pthread_once_t is_registered = PTHREAD_ONCE_INIT;
	const char *path = options->path, *vfs = host_vfs_name;
	char name[MAX_PATH_BYTES];
	int r;

	if (!database)
		return -ENOMEM;
	pthread_once(&is_registered, register_vfs);
	if (!strcmp(path, DATABASE_IN_MEMORY)) {
		snprintf(name, sizeof(name), "/%s", options->name);
		path = name;
		vfs = "memdb";
	}
	r = result_of(
		sqlite3_open_v2(path, &database->connection, flags | SQLITE_OPEN_NOMUTEX, vfs));
	if (r == 0)
		r = database_set_up(database, options);
	if (r < 0)
		return r;
	*ret_database = steal(database);
	return 0;
}

struct database *database_close(struct database *database)
{
	if (!database)
		return NULL;
	for (size_t i = 0; i < database->n_statements; i++)
		sqlite3_finalize(database->statements[i].compiled);
	free(database->statements);
	sqlite3_close(database->connection);
	free(database);
	return NULL;
}

const char *database_error(struct database *database)
{
	return sqlite3_errmsg(database->connection);
}

int database_run(struct database *database, const char *sql)
{
	return result_of(sqlite3_exec(database->connection, sql, NULL, NULL, NULL));
}

int database_prepare(struct database *database, const char *sql, sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *compiled;
	int r;

	for (size_t i = 0; i < database->n_statements; i++) {
		compiled = database->statements[i].compiled;
		if (database->statements[i].sql == sql) {
			sqlite3_reset(compiled);
			sqlite3_clear_bindings(compiled);
			*ret_statement = compiled;
			return 0;
		}
	}
	r = array_reserve((void **)&database->statements, &database->statement_capacity,
			  database->n_statements + 1, sizeof(*database->statements));
	if (r < 0)
		return r;
	r = result_of(sqlite3_prepare_v3(database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT,
					 &compiled, NULL));
	if (r < 0)
		return r;
	database->statements[database->n_statements++] =
		(struct statement){ .sql = sql, .compiled = compiled };
	*ret_statement = compiled;
	return 0;
}

int database_step(struct database *database, sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	(void)database;
	if (result == SQLITE_ROW)
		return 1;
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : error_of(result);
}

int database_execute(struct database *database, sqlite3_stmt *statement)
{
	int r = database_step(database, statement);

	if (r == 1)
		sqlite3_reset(statement);
	return r < 0 ? r : 0;
}

int database_get_number(struct database *database, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *statement;
	int64_t number = 0;
	int r;

	r = database_prepare(database, sql, &statement);
	if (r < 0)
		return r;
	r = database_step(database, statement);
	if (r == 1)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	if (r < 0)
		return r;
	*ret_number = number;
	return 0;
}

int database_find_number(struct database *database, sqlite3_stmt *statement, uint32_t *ret_number)
{
	int64_t id = 0;
	int r;

	r = database_step(database, statement);
	if (r == 1)
		id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	if (r <= 0)
		return r;
	if (id <= 0 || id > UINT32_MAX)
		return -EBADMSG;
	*ret_number = (uint32_t)id;
	return 1;
}

int database_add_row(struct database *database, sqlite3_stmt *statement, uint32_t *ret_number)
{
	int r = database_execute(database, statement);
	int64_t id = sqlite3_last_insert_rowid(database->connection);

	if (r < 0)
		return r;
	if (id <= 0 || id > UINT32_MAX)
		return -ENOSPC;
	*ret_number = (uint32_t)id;
	return 0;
}

int database_find_row(struct database *database, const char *sql, uint32_t number,
		      sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database, sql, &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, number);
	r = database_step(database, statement);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	*ret_statement = statement;
	return 0;
}

uint64_t database_changed(struct database *database)
{
	return (uint64_t)sqlite3_changes64(database->connection);
}

/* What begins and ends transactions does not depend on tables. */
static int control(struct database *database, const char *sql)
{
	int result = sqlite3_exec(database->connection, sql, NULL, NULL, NULL);

	return (result & 0xff) == SQLITE_ERROR ? -EIO : result_of(result);
}

int database_begin(struct database *database)
{
	return control(database, "BEGIN IMMEDIATE");
}

/* A transaction begins to see the database as it is with the first read. */
int database_begin_reading(struct database *database)
{
	return control(database, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1");
}

int database_commit(struct database *database)
{
	return control(database, "COMMIT");
}

void database_rollback(struct database *database)
{
	if (!sqlite3_get_autocommit(database->connection))
		database_run(database, "ROLLBACK");
}

int database_get_size(struct database *database, int64_t *ret_bytes, int64_t *ret_free_bytes)
{
	int64_t page_bytes, n_pages, n_free;
	int r;

	r = database_get_number(database, "PRAGMA page_size", &page_bytes);
	if (r == 0)
		r = database_get_number(database, "PRAGMA page_count", &n_pages);
	if (r == 0)
		r = database_get_number(database, "PRAGMA freelist_count", &n_free);
	if (r < 0)
		return r;
	*ret_bytes = page_bytes * n_pages;
	*ret_free_bytes = page_bytes * n_free;
	return 0;
}
