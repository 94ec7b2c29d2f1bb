/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_windows.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"

/* The spans, and how old the windows of one must be before they become one of the next: nothing
 * comes so late any more, and who looks at the last minutes reads no more than those. */
static const struct {
	int64_t span_s;
	int64_t age_s;
} levels[] = { { 10, 60 }, { 60, 600 }, { 600, 3600 }, { 3600, 0 } };

#define N_LEVELS   ARRAY_SIZE(levels)
#define MAX_UNIX_S (1LL << 40)

/* A window as it lies in the database. */
struct stored_window {
	int64_t start_unix_s;
	int64_t span_s;
	const void *totals;
	size_t totals_bytes;
	sqlite3_stmt *statement; /* at its row */
};

/* Entries of windows that become one. */
struct gathering {
	struct window_entry *entries;
	size_t n_entries;
	size_t capacity;
	uint64_t period;
};

static int insert_window(struct database *database, uint32_t type, int64_t start_unix_s,
			 int64_t span_s, const struct gathering *gathering)
{
	_cleanup_(buffer_fini) struct buffer totals = { 0 }, seconds = { 0 };
	sqlite3_stmt *statement;
	int r;

	r = window_rows_encode(gathering->entries, gathering->n_entries, gathering->period, &totals,
			       &seconds);
	if (r < 0)
		return r;
	r = database_prepare(database,
			     "INSERT INTO window (type, start, span, totals, seconds)"
			     " VALUES (?, ?, ?, ?, ?)",
			     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, type);
	sqlite3_bind_int64(statement, 2, start_unix_s);
	sqlite3_bind_int64(statement, 3, span_s);
	sqlite3_bind_blob64(statement, 4, totals.data, totals.size, SQLITE_STATIC);
	sqlite3_bind_blob64(statement, 5, seconds.data, seconds.size, SQLITE_STATIC);
	return database_execute(database, statement);
}

int history_windows_add(struct database *database, const struct history_draft *draft)
{
	struct gathering gathering = {
		.entries = draft->entries,
		.n_entries = window_entries_sum(draft->entries, draft->n_entries),
		.period = draft->period,
	};

	return insert_window(database, draft->type, draft->start_unix_s, HISTORY_FIRST_SPAN_S,
			     &gathering);
}

static int next_window(struct database *database, sqlite3_stmt *statement,
		       struct stored_window *ret_window)
{
	int r = database_step(database, statement);

	if (r == 1)
		*ret_window = (struct stored_window){
			.start_unix_s = sqlite3_column_int64(statement, 0),
			.span_s = sqlite3_column_int64(statement, 1),
			.totals = sqlite3_column_blob(statement, 2),
			.totals_bytes = (size_t)sqlite3_column_bytes(statement, 2),
			.statement = statement,
		};
	return r;
}

/* Whether its times are such as are written: then nothing below goes beyond what numbers can be. */
static bool is_in_time(const struct stored_window *window)
{
	for (size_t i = 0; i < N_LEVELS; i++) {
		if (window->span_s == levels[i].span_s)
			return window->start_unix_s > -MAX_UNIX_S &&
			       window->start_unix_s < MAX_UNIX_S;
	}
	return false;
}

static int window_read_rows(const struct stored_window *window, struct window_rows *ret_rows)
{
	return is_in_time(window)
		       ? window_rows_decode(window->totals, window->totals_bytes, ret_rows)
		       : -EBADMSG;
}

/* Its entries, to be freed by the caller. */
static int window_read(const struct stored_window *window, const struct window_rows *rows,
		       struct window_entry **ret_entries, size_t *ret_n_entries)
{
	const void *seconds = sqlite3_column_blob(window->statement, 3);
	size_t n_bytes = (size_t)sqlite3_column_bytes(window->statement, 3);

	return window_rows_decode_seconds(rows, seconds, n_bytes, ret_entries, ret_n_entries);
}

/* Who wants the samples of a range. One of the two callbacks is there. */
struct visitor {
	const struct history_range *range;
	history_on_row *on_row;
	history_on_entry *on_entry;
	void *context;
};

static bool is_whole(const struct history_range *range, const struct stored_window *window)
{
	return window->start_unix_s >= range->start_unix_s &&
	       window->start_unix_s + window->span_s <= range->end_unix_s;
}

static int visit_rows(const struct visitor *visitor, const struct window_rows *rows)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < rows->n_rows; i++)
		r = visitor->on_row(visitor->context, &rows->rows[i]);
	return r;
}

static int visit_entry(const struct visitor *visitor, int64_t unix_s,
		       const struct window_entry *entry)
{
	struct window_row row = { entry->thread, entry->stack, entry->count, entry->value };

	if (visitor->on_entry)
		return visitor->on_entry(visitor->context, unix_s, entry);
	return visitor->on_row(visitor->context, &row);
}

static int visit_entries(const struct visitor *visitor, const struct stored_window *window,
			 const struct window_entry *entries, size_t n_entries)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n_entries; i++) {
		int64_t unix_s = window->start_unix_s + entries[i].second;

		if (unix_s >= visitor->range->start_unix_s && unix_s < visitor->range->end_unix_s)
			r = visit_entry(visitor, unix_s, &entries[i]);
	}
	return r;
}

static int visit_window(const struct visitor *visitor, const struct stored_window *window,
			uint64_t *n_damaged)
{
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	_cleanup_(freep) struct window_entry *entries = NULL;
	size_t n_entries = 0;
	bool needs_seconds = false;
	int r;

	r = window_read_rows(window, &rows);
	if (r == 0)
		needs_seconds = visitor->on_entry || !is_whole(visitor->range, window);
	if (r == 0 && needs_seconds)
		r = window_read(window, &rows, &entries, &n_entries);
	if (r == -EBADMSG) {
		++*n_damaged;
		return 0;
	}
	if (r < 0)
		return r;
	return needs_seconds ? visit_entries(visitor, window, entries, n_entries)
			     : visit_rows(visitor, &rows);
}

static int visit(struct database *database, const struct visitor *visitor, uint64_t *n_damaged)
{
	const int64_t longest_s = levels[N_LEVELS - 1].span_s;
	struct stored_window window;
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database,
			     "SELECT start, span, totals, seconds FROM window"
			     " WHERE start > ? AND start < ? AND type = ? AND start + span > ?"
			     " ORDER BY start",
			     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, visitor->range->start_unix_s - longest_s);
	sqlite3_bind_int64(statement, 2, visitor->range->end_unix_s);
	sqlite3_bind_int64(statement, 3, visitor->range->type);
	sqlite3_bind_int64(statement, 4, visitor->range->start_unix_s);
	while ((r = next_window(database, statement, &window)) == 1) {
		r = visit_window(visitor, &window, n_damaged);
		if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

int history_windows_each_row(struct database *database, const struct history_range *range,
			     history_on_row *on_row, void *context, uint64_t *n_damaged)
{
	struct visitor visitor = { .range = range, .on_row = on_row, .context = context };

	return visit(database, &visitor, n_damaged);
}

int history_windows_each_entry(struct database *database, const struct history_range *range,
			       history_on_entry *on_entry, void *context, uint64_t *n_damaged)
{
	struct visitor visitor = { .range = range, .on_entry = on_entry, .context = context };

	return visit(database, &visitor, n_damaged);
}

/* What is rolled up at once: the windows of a type within one longer window. */
struct roll_up {
	struct database *database;
	uint32_t type;
	int64_t start_unix_s;
	int64_t span_s; /* that they get */
	struct gathering gathering;
	uint64_t *n_damaged;
};

static void roll_up_fini(struct roll_up *roll_up)
{
	free(roll_up->gathering.entries);
}

/* Write what has been gathered, and begin anew. */
static int roll_up_write(struct roll_up *roll_up)
{
	struct gathering *gathering = &roll_up->gathering;
	int r;

	gathering->n_entries = window_entries_sum(gathering->entries, gathering->n_entries);
	if (!gathering->n_entries)
		return 0;
	r = insert_window(roll_up->database, roll_up->type, roll_up->start_unix_s, roll_up->span_s,
			  gathering);
	gathering->n_entries = 0;
	return r;
}

static int roll_up_add(struct roll_up *roll_up, const struct stored_window *window)
{
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	_cleanup_(freep) struct window_entry *entries = NULL;
	struct gathering *gathering = &roll_up->gathering;
	size_t n_entries;
	int r;

	r = window_read_rows(window, &rows);
	if (r == 0)
		r = window_read(window, &rows, &entries, &n_entries);
	if (r < 0)
		return r;
	if (gathering->n_entries + n_entries > WINDOW_ROWS_MAX) {
		r = roll_up_write(roll_up);
		if (r < 0)
			return r;
	}
	r = array_reserve((void **)&gathering->entries, &gathering->capacity,
			  gathering->n_entries + n_entries, sizeof(*gathering->entries));
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_entries; i++)
		entries[i].second += (uint32_t)(window->start_unix_s - roll_up->start_unix_s);
	memcpy(gathering->entries + gathering->n_entries, entries, n_entries * sizeof(*entries));
	gathering->n_entries += n_entries;
	gathering->period = rows.period;
	return 0;
}

/* Bind what the statements of a roll-up ask for. */
static int roll_up_prepare(const struct roll_up *roll_up, const char *sql,
			   sqlite3_stmt **ret_statement)
{
	int r = database_prepare(roll_up->database, sql, ret_statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(*ret_statement, 1, roll_up->start_unix_s);
	sqlite3_bind_int64(*ret_statement, 2, roll_up->start_unix_s + roll_up->span_s);
	sqlite3_bind_int64(*ret_statement, 3, roll_up->type);
	sqlite3_bind_int64(*ret_statement, 4, roll_up->span_s);
	return 0;
}

static int roll_up_read(struct roll_up *roll_up)
{
	struct stored_window window;
	sqlite3_stmt *statement;
	int r;

	r = roll_up_prepare(roll_up,
			    "SELECT start, span, totals, seconds FROM window"
			    " WHERE start >= ? AND start < ? AND type = ? AND span < ?"
			    " ORDER BY start",
			    &statement);
	if (r < 0)
		return r;
	while ((r = next_window(roll_up->database, statement, &window)) == 1) {
		r = roll_up_add(roll_up, &window);
		if (r == -EBADMSG)
			++*roll_up->n_damaged;
		else if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

/* The windows that are no longer needed go before the new one comes: it lies where they lay. */
static int roll_up_run(struct roll_up *roll_up)
{
	sqlite3_stmt *statement;
	int r;

	r = roll_up_read(roll_up);
	if (r < 0)
		return r;
	r = roll_up_prepare(roll_up,
			    "DELETE FROM window"
			    " WHERE start >= ? AND start < ? AND type = ? AND span < ?",
			    &statement);
	if (r == 0)
		r = database_execute(roll_up->database, statement);
	return r < 0 ? r : roll_up_write(roll_up);
}

/* Find windows of level @level_i that are old enough. Returns 1 if there are any. */
static int roll_up_find(struct roll_up *roll_up, size_t level_i, int64_t now_unix_s)
{
	int64_t span_s = levels[level_i + 1].span_s;
	int64_t end_unix_s = now_unix_s - levels[level_i].age_s;
	sqlite3_stmt *statement;
	int64_t start = 0;
	int r;

	r = database_prepare(roll_up->database,
			     "SELECT start, type FROM window"
			     " WHERE start < ? AND span = ? AND start > ? ORDER BY start LIMIT 1",
			     &statement);
	if (r < 0)
		return r;
	end_unix_s -= ((end_unix_s % span_s) + span_s) % span_s;
	sqlite3_bind_int64(statement, 1, end_unix_s);
	sqlite3_bind_int64(statement, 2, levels[level_i].span_s);
	sqlite3_bind_int64(statement, 3, -MAX_UNIX_S);
	r = database_step(roll_up->database, statement);
	if (r == 1) {
		start = sqlite3_column_int64(statement, 0);
		roll_up->type = (uint32_t)sqlite3_column_int64(statement, 1);
		roll_up->start_unix_s = start - ((start % span_s) + span_s) % span_s;
		roll_up->span_s = span_s;
	}
	sqlite3_reset(statement);
	return r;
}

int history_windows_roll_up(struct database *database, int64_t now_unix_s, uint64_t *n_damaged)
{
	_cleanup_(roll_up_fini) struct roll_up roll_up = {
		.database = database,
		.n_damaged = n_damaged,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < N_LEVELS; i++)
		r = roll_up_find(&roll_up, i, now_unix_s);
	if (r <= 0)
		return r;
	r = roll_up_run(&roll_up);
	return r < 0 ? r : 1;
}

int history_windows_expire(struct database *database, int64_t end_unix_s, uint64_t *ret_n_gone)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database, "DELETE FROM window WHERE start < ?1 AND start + span <= ?1",
			     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, end_unix_s);
	r = database_execute(database, statement);
	if (r == 0)
		*ret_n_gone = database_changed(database);
	return r;
}

int history_windows_evict(struct database *database)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database,
			     "DELETE FROM window WHERE start = (SELECT min(start) FROM window)",
			     &statement);
	if (r == 0)
		r = database_execute(database, statement);
	return r < 0 ? r : database_changed(database) > 0;
}
