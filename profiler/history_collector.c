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

/* Numbers of rows that go. */
struct gone {
	int64_t *numbers;
	size_t n_numbers;
	size_t capacity;
};

struct history_collection {
	struct database *database;
	struct marks marks[TABLE_COUNT];
	struct gone gone[TABLE_COUNT];
	enum table next_table; /* to be swept */
	size_t next_number;    /* of that table */
};

/* Marks what the row that a statement is at refers to; its first column is its own number. */
typedef int mark_references(struct history_collection *collection, sqlite3_stmt *row);

static int mark(struct history_collection *collection, enum table table, int64_t number)
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

static int mark_column(struct history_collection *collection, enum table table, sqlite3_stmt *row,
		       int column)
{
	return mark(collection, table, sqlite3_column_int64(row, column));
}

/* Mark all numbers in a column of varints. What is damaged there ends it. */
static int mark_varints(struct history_collection *collection, enum table table, sqlite3_stmt *row,
			int column)
{
	struct varint_reader reader = { .next = sqlite3_column_blob(row, column) };
	uint64_t number;
	int r = 0;

	if (reader.next)
		reader.end = reader.next + sqlite3_column_bytes(row, column);
	while (r == 0 && varint_read(&reader, &number) == 0)
		r = mark(collection, table, number <= UINT32_MAX ? (int64_t)number : 0);
	return r;
}

static int mark_of_stack(struct history_collection *collection, sqlite3_stmt *row)
{
	return mark_varints(collection, TABLE_FRAME, row, 1);
}

static int mark_of_frame(struct history_collection *collection, sqlite3_stmt *row)
{
	int r = mark_column(collection, TABLE_FILE, row, 1);

	return r < 0 ? r : mark_column(collection, TABLE_STRING, row, 2);
}

static int mark_of_file(struct history_collection *collection, sqlite3_stmt *row)
{
	return mark_column(collection, TABLE_STRING, row, 1);
}

static int mark_of_thread(struct history_collection *collection, sqlite3_stmt *row)
{
	int r = mark_column(collection, TABLE_LABEL_SET, row, 1);

	return r < 0 ? r : mark_column(collection, TABLE_STRING, row, 2);
}

static int mark_of_label_set(struct history_collection *collection, sqlite3_stmt *row)
{
	return mark_varints(collection, TABLE_STRING, row, 1);
}

static int mark_of_string(struct history_collection *collection, sqlite3_stmt *row)
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

static int mark_window(struct history_collection *collection, sqlite3_stmt *row)
{
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	int r;

	r = window_rows_decode(&rows, sqlite3_column_blob(row, 0),
			       (size_t)sqlite3_column_bytes(row, 0));
	if (r < 0)
		return r == -EBADMSG ? 0 : r; /* nobody can read what it refers to, either */
	for (size_t i = 0; r == 0 && i < rows.n_rows; i++) {
		r = mark(collection, TABLE_THREAD, rows.rows[i].thread);
		if (r == 0)
			r = mark(collection, TABLE_STACK, rows.rows[i].stack);
	}
	return r;
}

static int mark_windows(struct history_collection *collection)
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

static int add_gone(struct gone *gone, int64_t number)
{
	int r = array_reserve((void **)&gone->numbers, &gone->capacity, gone->n_numbers + 1,
			      sizeof(*gone->numbers));

	if (r == 0)
		gone->numbers[gone->n_numbers++] = number;
	return r;
}

/* All that refers to @table has been marked: mark what the marked rows refer to, the rest goes. */
static int mark_table(struct history_collection *collection, enum table table)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(collection->database, tables[table].select, &statement);
	if (r < 0)
		return r;
	while ((r = database_step(collection->database, statement)) == 1) {
		int64_t number = sqlite3_column_int64(statement, 0);

		if (is_marked(&collection->marks[table], number))
			r = tables[table].mark(collection, statement);
		else
			r = add_gone(&collection->gone[table], number);
		if (r < 0)
			break;
	}
	sqlite3_reset(statement);
	return r;
}

int history_collection_new(struct database *database, struct history_collection **ret_collection)
{
	_cleanup_(history_collection_freep) struct history_collection *collection =
		calloc(1, sizeof(*collection));
	int r;

	if (!collection)
		return -ENOMEM;
	collection->database = database;
	r = mark_windows(collection);
	for (enum table table = 0; r == 0 && table < TABLE_COUNT; table++)
		r = mark_table(collection, table);
	if (r == 0)
		*ret_collection = steal(collection);
	return r;
}

struct history_collection *history_collection_free(struct history_collection *collection)
{
	if (!collection)
		return NULL;
	for (int i = 0; i < TABLE_COUNT; i++) {
		free(collection->marks[i].words);
		free(collection->gone[i].numbers);
	}
	free(collection);
	return NULL;
}

/* Delete the next row of the next table. */
static int sweep_row(struct history_collection *collection)
{
	const struct gone *gone = &collection->gone[collection->next_table];
	sqlite3_stmt *statement;
	int r = database_prepare(collection->database, tables[collection->next_table].delete,
				 &statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, gone->numbers[collection->next_number++]);
	return database_execute(collection->database, statement);
}

int history_collection_sweep(struct history_collection *collection, size_t max_rows,
			     uint64_t *n_gone)
{
	size_t n_rows = 0;

	while (collection->next_table < TABLE_COUNT) {
		int r;

		if (collection->next_number == collection->gone[collection->next_table].n_numbers) {
			collection->next_table++;
			collection->next_number = 0;
			continue;
		}
		if (n_rows++ == max_rows)
			return 1;
		r = sweep_row(collection);
		if (r < 0)
			return r;
		++*n_gone;
	}
	return 0;
}
