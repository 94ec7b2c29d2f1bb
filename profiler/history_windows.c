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
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/query_budget.h"
#include "profiler/time_grid.h"

/* The spans, and how old the windows of one must be before they become one of the next: nothing
 * comes so late any more, and who looks at the last minutes reads no more than those. */
static const struct {
	int64_t span_s;
	int64_t age_s;
} levels[] = {
	{ HISTORY_FIRST_SPAN_S, 60 }, { 60, 600 }, { 600, 3600 }, { HISTORY_LAST_SPAN_S, 0 }
};

#define N_LEVELS   ARRAY_SIZE(levels)
#define MAX_UNIX_S (1LL << 40)

/* A window as it lies in the database. */
struct stored_window {
	int64_t start_unix_s;
	int64_t span_s;
	const void *totals; /* borrowed from the statement that is at its row */
	size_t totals_bytes;
	int64_t id;
};

/* Entries of windows that become one. */
struct gathering {
	struct window_entry *entries;
	size_t n_entries;
	size_t capacity;
	uint64_t period;
};

/* At most WINDOW_ROWS_MAX entries. */
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
	size_t n_left = window_entries_sum(draft->entries, draft->n_entries);
	struct gathering gathering = { .entries = draft->entries, .period = draft->period };
	int r = 0;

	while (r == 0 && n_left) {
		gathering.n_entries = n_left < WINDOW_ROWS_MAX ? n_left : WINDOW_ROWS_MAX;
		r = insert_window(database, draft->type, draft->start_unix_s, HISTORY_FIRST_SPAN_S,
				  &gathering);
		gathering.entries += gathering.n_entries;
		n_left -= gathering.n_entries;
	}
	return r;
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
			.id = sqlite3_column_int64(statement, 3),
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

static int window_read_rows(const struct stored_window *window, struct window_rows *rows)
{
	return is_in_time(window) ? window_rows_decode(rows, window->totals, window->totals_bytes)
				  : -EBADMSG;
}

/* Its seconds are sought by themselves: they are most of a window, and most readers want none. */
static int window_read_entries(struct database *database, const struct stored_window *window,
			       struct window_rows *rows)
{
	sqlite3_stmt *statement;
	int r;

	if (window->id <= 0 || window->id > UINT32_MAX)
		return -EBADMSG;
	r = database_find_row(database, "SELECT seconds FROM window WHERE id = ?",
			      (uint32_t)window->id, &statement);
	if (r < 0)
		return r;
	r = window_rows_decode_seconds(rows, sqlite3_column_blob(statement, 0),
				       (size_t)sqlite3_column_bytes(statement, 0));
	sqlite3_reset(statement);
	return r;
}

static bool is_whole(const struct history_range *range, const struct stored_window *window)
{
	return window->start_unix_s >= range->start_unix_s &&
	       window->start_unix_s + window->span_s <= range->end_unix_s;
}

/* The step of a sample of that second. */
static int64_t step_of(const struct time_grid *grid, int64_t unix_s)
{
	return time_grid_step(grid, unix_s * NS_PER_SECOND + NS_PER_SECOND / 2);
}

static bool is_one_step(const struct time_grid *grid, const struct stored_window *window)
{
	return grid && step_of(grid, window->start_unix_s) ==
			       step_of(grid, window->start_unix_s + window->span_s - 1);
}

/* What is looked at, for whom, and room for a window. */
struct visit {
	struct database *database;
	const struct history_range *range;
	const struct history_visitor *visitor;
	struct window_rows rows;
};

/* Whether it is on_entries() that wants the window. */
static bool wants_entries(const struct history_visitor *visitor, const struct stored_window *window)
{
	return visitor->on_entries && !(visitor->on_rows && is_one_step(visitor->grid, window));
}

/* Leave of the window that was read what is in the range. */
static void visit_clip(struct visit *visit, const struct stored_window *window)
{
	const struct history_range *range = visit->range;
	int64_t start_s = window->start_unix_s, end_s = start_s + window->span_s;

	window_rows_clip(&visit->rows, range->start_unix_s - start_s,
			 (end_s < range->end_unix_s ? end_s : range->end_unix_s) - start_s);
}

static int visit_read(struct visit *visit, const struct stored_window *window)
{
	int r = window_read_rows(window, &visit->rows);

	if (r < 0 || (is_whole(visit->range, window) && !wants_entries(visit->visitor, window)))
		return r;
	r = window_read_entries(visit->database, window, &visit->rows);
	if (r == 0)
		visit_clip(visit, window);
	return r;
}

static int visit_window(struct visit *visit, const struct stored_window *window,
			uint64_t *n_damaged)
{
	const struct history_visitor *visitor = visit->visitor;
	int r = query_budget_look(visitor->budget);

	if (r == 0)
		r = visit_read(visit, window);
	if (r == -EBADMSG) {
		++*n_damaged;
		return 0;
	}
	if (r < 0)
		return r;
	return wants_entries(visitor, window)
		       ? visitor->on_entries(visitor->context, window->start_unix_s, &visit->rows)
		       : visitor->on_rows(visitor->context, window->start_unix_s, &visit->rows);
}

static int visit_windows(struct visit *visit, uint64_t *n_damaged)
{
	const struct history_range *range = visit->range;
	struct stored_window window;
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(visit->database,
			     "SELECT start, span, totals, id FROM window"
			     " WHERE start > ? AND start < ? AND type = ? AND start + span > ?"
			     " ORDER BY start",
			     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, range->start_unix_s - HISTORY_LAST_SPAN_S);
	sqlite3_bind_int64(statement, 2, range->end_unix_s);
	sqlite3_bind_int64(statement, 3, range->type);
	sqlite3_bind_int64(statement, 4, range->start_unix_s);
	while ((r = next_window(visit->database, statement, &window)) == 1) {
		r = visit_window(visit, &window, n_damaged);
		if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

int history_windows_visit(struct database *database, const struct history_range *range,
			  const struct history_visitor *visitor, uint64_t *n_damaged)
{
	struct visit visit = { .database = database, .range = range, .visitor = visitor };
	int r = visit_windows(&visit, n_damaged);

	window_rows_fini(&visit.rows);
	return r;
}

/* What is rolled up at once: the windows of a type within one longer window. */
struct roll_up {
	struct database *database;
	uint32_t type;
	int64_t start_unix_s;
	int64_t span_s; /* that they get */
	struct gathering gathering;
	struct window_rows rows; /* of the window that is added */
	uint64_t *n_damaged;
};

static void roll_up_fini(struct roll_up *roll_up)
{
	window_rows_fini(&roll_up->rows);
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
	struct window_rows *rows = &roll_up->rows;
	struct gathering *gathering = &roll_up->gathering;
	uint32_t off_s = (uint32_t)(window->start_unix_s - roll_up->start_unix_s);
	int r;

	r = window_read_rows(window, rows);
	if (r == 0)
		r = window_read_entries(roll_up->database, window, rows);
	if (r < 0)
		return r;
	if (gathering->n_entries + rows->n_entries > WINDOW_ROWS_MAX) {
		r = roll_up_write(roll_up);
		if (r < 0)
			return r;
	}
	r = array_reserve((void **)&gathering->entries, &gathering->capacity,
			  gathering->n_entries + rows->n_entries, sizeof(*gathering->entries));
	if (r < 0)
		return r;
	for (size_t i = 0; i < rows->n_entries; i++) {
		struct window_entry *entry = &gathering->entries[gathering->n_entries++];

		*entry = rows->entries[i];
		entry->second += off_s;
	}
	gathering->period = rows->period;
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
			    "SELECT start, span, totals, id FROM window"
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
