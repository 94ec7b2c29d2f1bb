/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_moments.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"
#include "profiler/history_windows.h"

static int add_piece(struct database *database, uint32_t type, int64_t start_unix_s,
		     struct window_moment *moments, size_t n_moments)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	sqlite3_stmt *statement;
	int r = window_moments_encode(moments, n_moments, &bytes);

	if (r == 0)
		r = database_prepare(database,
				     "INSERT INTO moments (type, start, moments) VALUES (?, ?, ?)",
				     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, type);
	sqlite3_bind_int64(statement, 2, start_unix_s);
	sqlite3_bind_blob64(statement, 3, bytes.data, bytes.size, SQLITE_STATIC);
	return database_execute(database, statement);
}

int history_moments_add(struct database *database, uint32_t type, int64_t start_unix_s,
			struct window_moment *moments, size_t n_moments)
{
	int r = 0;

	while (r == 0 && n_moments) {
		size_t n = n_moments < WINDOW_MOMENTS_MAX ? n_moments : WINDOW_MOMENTS_MAX;

		r = add_piece(database, type, start_unix_s, moments, n);
		moments += n;
		n_moments -= n;
	}
	return r;
}

static int visit_piece(sqlite3_stmt *row, const struct history_range *range,
		       history_on_moment *on_moment, void *context)
{
	int64_t start_unix_s = sqlite3_column_int64(row, 0);
	_cleanup_(freep) struct window_moment *moments = NULL;
	size_t n_moments = 0;
	int r = window_moments_decode(sqlite3_column_blob(row, 1),
				      (size_t)sqlite3_column_bytes(row, 1), &moments, &n_moments);

	for (size_t i = 0; r >= 0 && i < n_moments; i++) {
		int64_t unix_s = start_unix_s + moments[i].second;

		if (unix_s >= range->start_unix_s && unix_s < range->end_unix_s)
			r = on_moment(context, unix_s, &moments[i]);
	}
	return r < 0 ? r : 0;
}

#define PIECES_OF(what)                                                                            \
	"SELECT start, " what                                                                      \
	" FROM moments WHERE start > ? AND start < ? AND type = ? ORDER BY start DESC"

/* The pieces that reach into @range, the latest first. */
static int select_pieces(struct database *database, const struct history_range *range,
			 const char *sql, sqlite3_stmt **ret_statement)
{
	int r = database_prepare(database, sql, ret_statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(*ret_statement, 1, range->start_unix_s - HISTORY_FIRST_SPAN_S);
	sqlite3_bind_int64(*ret_statement, 2, range->end_unix_s);
	sqlite3_bind_int64(*ret_statement, 3, range->type);
	return 0;
}

int history_moments_each(struct database *database, const struct history_range *range,
			 history_on_moment *on_moment, void *context, uint64_t *n_damaged)
{
	sqlite3_stmt *statement;
	int r = select_pieces(database, range, PIECES_OF("moments"), &statement);

	if (r < 0)
		return r;
	while ((r = database_step(database, statement)) == 1) {
		r = visit_piece(statement, range, on_moment, context);
		if (r == -EBADMSG)
			++*n_damaged;
		else if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

int history_moments_find_start(struct database *database, const struct history_range *range,
			       int64_t bytes, int64_t *ret_start_unix_s)
{
	int64_t start_unix_s = INT64_MAX;
	sqlite3_stmt *statement;
	int r = select_pieces(database, range, PIECES_OF("length(moments)"), &statement);

	if (r < 0)
		return r;
	while ((r = database_step(database, statement)) == 1) {
		bytes -= sqlite3_column_int64(statement, 1);
		if (bytes < 0)
			break;
		start_unix_s = sqlite3_column_int64(statement, 0);
	}
	sqlite3_reset(statement);
	if (r >= 0)
		*ret_start_unix_s = start_unix_s;
	return r < 0 ? r : 0;
}

/* Run a DELETE with one number as its parameter. */
static int forget(struct database *database, const char *sql, int64_t parameter)
{
	sqlite3_stmt *statement;
	int r = database_prepare(database, sql, &statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, parameter);
	return database_execute(database, statement);
}

int history_moments_expire(struct database *database, int64_t end_unix_s)
{
	int r = forget(database, "DELETE FROM moments WHERE start <= ?",
		       end_unix_s - HISTORY_FIRST_SPAN_S);

	if (r == 0)
		r = forget(database,
			   "DELETE FROM moments WHERE start <"
			   " (SELECT coalesce(min(start), ?) FROM window)",
			   INT64_MAX);
	return r;
}

/* The newest that all together take at most @bytes may stay. Sets *@ret_start_unix_s to the start
 * of the first that may not, and returns 1; or 0, if there is none. */
static int find_bound(struct database *database, int64_t bytes, int64_t *ret_start_unix_s)
{
	int64_t n_bytes = 0;
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database,
			     "SELECT start, length(moments) FROM moments ORDER BY start DESC",
			     &statement);
	while (r >= 0 && n_bytes <= bytes && (r = database_step(database, statement)) == 1) {
		*ret_start_unix_s = sqlite3_column_int64(statement, 0);
		n_bytes += sqlite3_column_int64(statement, 1);
	}
	if (r < 0)
		return r;
	sqlite3_reset(statement);
	return n_bytes > bytes;
}

int history_moments_bound(struct database *database, int64_t bytes, uint64_t *n_gone)
{
	int64_t start_unix_s = 0;
	int r = find_bound(database, bytes, &start_unix_s);

	if (r == 1) {
		r = forget(database, "DELETE FROM moments WHERE start <= ?", start_unix_s);
		*n_gone += r == 0 ? database_changed(database) : 0;
	}
	return r;
}

int history_moments_get_bytes(struct database *database, int64_t *ret_bytes)
{
	return database_get_number(database, "SELECT sum(length(moments)) FROM moments", ret_bytes);
}
