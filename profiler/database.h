/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Database: a SQLite file, opened so that a crash costs at most what was not committed.
 *
 * On disk it is in WAL mode: many connections read what was committed while one writes, and a
 * commit that the kernel has taken survives any death of the process. In memory (path
 * DATABASE_IN_MEMORY and a name) connections of the same name see the same tables, for as long as
 * one of them is open. A connection belongs to one thread at a time. Views and triggers that a
 * stranger may have put into a file are not run.
 *
 * Errors of SQLite are these, here and below:
 *
 *     -ENOSPC   the disk, or what it may take of it, is full
 *     -EROFS    it may not be written
 *     -EBADMSG  the file is damaged, or no database, or has not the tables that were asked for
 *     -EBUSY    another connection has not let go in time
 *     -ENOMEM   out of memory
 *     -EIO      anything else that the disk may say
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/cleanup.h"

#define DATABASE_IN_MEMORY ":memory:"

struct database;
struct sqlite3_stmt; /* of sqlite3.h */

struct database_options {
	const char *path;    /* of the file, or DATABASE_IN_MEMORY … */
	const char *name;    /* … and then its name */
	bool is_read_only;   /* the file must be there already */
	int busy_timeout_ms; /* how long to wait for another connection */
};

/* Returns 0 and sets *@ret_database (owned by the caller), or an error as above. */
int database_open(const struct database_options *options, struct database **ret_database);

/* Accepts NULL. Always returns NULL. */
struct database *database_close(struct database *database);
DEFINE_CLEANUP(struct database *, database_close)

/* What SQLite said of the last error. Borrowed: until the next call. */
const char *database_error(struct database *database);

/* Run one or more statements that give no rows. */
int database_run(struct database *database, const char *sql);

/* The number that a statement gives in its first column; 0 if it gives no row. */
int database_get_number(struct database *database, const char *sql, int64_t *ret_number);

/*
 * The statement for @sql, compiled once, reset, and with nothing bound. Its text must live as long
 * as the database. Borrowed: lives as long as the database.
 */
int database_prepare(struct database *database, const char *sql,
		     struct sqlite3_stmt **ret_statement);

/* Go to the next row of a statement. Returns 1 if there is one, 0 at the end, or an error. At the
 * end, and on an error, it is reset. */
int database_step(struct database *database, struct sqlite3_stmt *statement);

/* database_step() of a statement that gives no row. */
int database_execute(struct database *database, struct sqlite3_stmt *statement);

/* Rows have numbers from 1 to UINT32_MAX here, in their column id, an INTEGER PRIMARY KEY. */

/* Run a statement whose first column is such a number. Returns 1 and sets *@ret_number, 0 if it
 * gives no row, or an error. */
int database_find_number(struct database *database, struct sqlite3_stmt *statement,
			 uint32_t *ret_number);

/* Run an INSERT, and tell the number of its row. -ENOSPC: there are no more numbers. */
int database_add_row(struct database *database, struct sqlite3_stmt *statement,
		     uint32_t *ret_number);

/* The row of that number, the only parameter of @sql: the statement is at it, and to be reset.
 * -EBADMSG if there is none. */
int database_find_row(struct database *database, const char *sql, uint32_t number,
		      struct sqlite3_stmt **ret_statement);

/* How many rows the last INSERT, UPDATE or DELETE has changed. */
uint64_t database_changed(struct database *database);

/* Begin to write, commit, and undo all since the beginning; or begin to read what is there now. */
int database_begin(struct database *database);
int database_begin_reading(struct database *database);
int database_commit(struct database *database);
void database_rollback(struct database *database);

/* Bytes that the database takes, and those of them that are free for what comes. */
int database_get_size(struct database *database, int64_t *ret_bytes, int64_t *ret_free_bytes);
