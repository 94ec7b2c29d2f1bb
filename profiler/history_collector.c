/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_collector.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"
#include "profiler/varint.h"
#include "profiler/window_rows.h"

/* In this order none refers to one before it. */
enum table {
	TABLE_STACK,
	TABLE_FRAME,
	TABLE_FILE,
	TABLE_THREAD,
	TABLE_LABEL_SET,
	TABLE_STRING,
	TABLE_COUNT
};

/* A set of numbers from 1. */
struct marks {
	uint64_t *words;
	size_t capacity; /* of words, all of which are set */
};

struct collection {
	struct database *database;
	struct marks marks[TABLE_COUNT];
	uint64_t n_gone;
};

/* Marks what the row that a statement is at refers to; its first column is its own number. */
typedef int mark_references(struct collection *collection, sqlite3_stmt *row);

static int mark(struct collection *collection, enum table table, int64_t number)
{
	struct marks *marks = &collection->marks[table];
	size_t word = (size_t)number / 64, old_capacity = marks->capacity;
	int r;

	if (number <= 0 || number > UINT32_MAX) /* 0 is nothing, the rest leads nowhere */
		return 0;
	r = array_reserve((void **)&marks->words, &marks->capacity, word + 1,
			  sizeof(*marks->words));
	if (r < 0)
		return r;
	memset(marks->words + old_capacity, 0,
	       (marks->capacity - old_capacity) * sizeof(*marks->words));
	marks->words[word] |= 1ULL << number % 64;
	return 0;
}

static bool is_marked(const struct marks *marks, int64_t number)
{
	size_t word = (size_t)number / 64;

	return number > 0 && word < marks->capacity && marks->words[word] >> number % 64 & 1;
}

static int mark_column(struct collection *collection, enum table table, sqlite3_stmt *row,
		       int column)
{
	return mark(collection, table, sqlite3_column_int64(row, column));
}

/* Mark all numbers in a column of varints. What is damaged there ends it. */
static int mark_varints(struct collection *collection, enum table table, sqlite3_stmt *row,
			int column)
{
	struct varint_reader reader = { .next = sqlite3_column_blob(row, column) };
	uint64_t number;
	int r = 0;

	reader.end = reader.next + sqlite3_column_bytes(row, column);
	while (r == 0 && varint_read(&reader, &number) == 0)
		r = mark(collection, table, number <= UINT32_MAX ? (int64_t)number : 0);
	return r;
}

static int mark_of_stack(struct collection *collection, sqlite3_stmt *row)
{
	return mark_varints(collection, TABLE_FRAME, row, 1);
}

static int mark_of_frame(struct collection *collection, sqlite3_stmt *row)
{
	int r = mark_column(collection, TABLE_FILE, row, 1);

	return r < 0 ? r : mark_column(collection, TABLE_STRING, row, 2);
}

static int mark_of_file(struct collection *collection, sqlite3_stmt *row)
{
	return mark_column(collection, TABLE_STRING, row, 1);
}

static int mark_of_thread(struct collection *collection, sqlite3_stmt *row)
{
	int r = mark_column(collection, TABLE_LABEL_SET, row, 1);

	return r < 0 ? r : mark_column(collection, TABLE_STRING, row, 2);
}

static int mark_of_label_set(struct collection *collection, sqlite3_stmt *row)
{
	return mark_varints(collection, TABLE_STRING, row, 1);
}

static int mark_of_string(struct collection *collection, sqlite3_stmt *row)
{
	(void)collection;
	(void)row;
	return 0;
}

static const struct {
	const char *select;
	const char *delete;
	mark_references *mark;
} tables[TABLE_COUNT] = {
	[TABLE_STACK] = { "SELECT id, frames FROM stack", "DELETE FROM stack WHERE id = ?",
			  mark_of_stack },
	[TABLE_FRAME] = { "SELECT id, file, name FROM frame", "DELETE FROM frame WHERE id = ?",
			  mark_of_frame },
	[TABLE_FILE] = { "SELECT id, path FROM file", "DELETE FROM file WHERE id = ?",
			 mark_of_file },
	[TABLE_THREAD] = { "SELECT id, label_set, name FROM thread",
			   "DELETE FROM thread WHERE id = ?", mark_of_thread },
	[TABLE_LABEL_SET] = { "SELECT id, labels FROM label_set",
			      "DELETE FROM label_set WHERE id = ?", mark_of_label_set },
	[TABLE_STRING] = { "SELECT id FROM string", "DELETE FROM string WHERE id = ?",
			   mark_of_string },
};

static int mark_window(struct collection *collection, sqlite3_stmt *row)
{
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	int r;

	r = window_rows_decode(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0),
			       &rows);
	if (r < 0)
		return r == -EBADMSG ? 0 : r; /* nobody can read what it refers to, either */
	for (size_t i = 0; r == 0 && i < rows.n_rows; i++) {
		r = mark(collection, TABLE_THREAD, rows.rows[i].thread);
		if (r == 0)
			r = mark(collection, TABLE_STACK, rows.rows[i].stack);
	}
	return r;
}

static int mark_windows(struct collection *collection)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(collection->database, "SELECT totals FROM window", &statement);
	if (r < 0)
		return r;
	while ((r = database_step(collection->database, statement)) == 1) {
		r = mark_window(collection, statement);
		if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

/* Delete the rows of a table that have these numbers. */
static int sweep(struct collection *collection, enum table table, const int64_t *numbers,
		 size_t n_numbers)
{
	sqlite3_stmt *statement;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_numbers; i++) {
		r = database_prepare(collection->database, tables[table].delete, &statement);
		if (r < 0)
			return r;
		sqlite3_bind_int64(statement, 1, numbers[i]);
		r = database_execute(collection->database, statement);
	}
	collection->n_gone += n_numbers;
	return r;
}

/* All that refers to @table has been marked: mark what the marked rows refer to, delete the rest.
 */
static int collect_table(struct collection *collection, enum table table)
{
	_cleanup_(freep) int64_t *gone = NULL;
	size_t n_gone = 0, capacity = 0;
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(collection->database, tables[table].select, &statement);
	if (r < 0)
		return r;
	while ((r = database_step(collection->database, statement)) == 1) {
		int64_t number = sqlite3_column_int64(statement, 0);

		if (is_marked(&collection->marks[table], number)) {
			r = tables[table].mark(collection, statement);
		} else {
			r = array_reserve((void **)&gone, &capacity, n_gone + 1, sizeof(*gone));
			if (r == 0)
				gone[n_gone++] = number;
		}
		if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r < 0 ? r : sweep(collection, table, gone, n_gone);
}

static void collection_fini(struct collection *collection)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		free(collection->marks[i].words);
}

int history_collect(struct database *database, uint64_t *ret_n_gone)
{
	_cleanup_(collection_fini) struct collection collection = { .database = database };
	int r;

	r = mark_windows(&collection);
	for (enum table table = 0; r == 0 && table < TABLE_COUNT; table++)
		r = collect_table(&collection, table);
	if (r == 0)
		*ret_n_gone = collection.n_gone;
	return r;
}
