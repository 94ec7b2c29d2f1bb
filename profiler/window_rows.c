/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/columns.h"
#include "profiler/varint.h"

/* More than this no row or entry takes, in all of its columns. */
#define ROW_MAX_BYTES 40UL

static int entry_compare(const void *a, const void *b)
{
	const struct window_entry *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->second < y->second ? -1 : x->second > y->second;
}

size_t window_entries_sum(struct window_entry *entries, size_t n_entries)
{
	size_t n_left = 0;

	if (n_entries)
		qsort(entries, n_entries, sizeof(*entries), entry_compare);
	for (size_t i = 0; i < n_entries; i++) {
		if (!entries[i].count)
			continue;
		if (n_left && entry_compare(&entries[n_left - 1], &entries[i]) == 0) {
			entries[n_left - 1].count += entries[i].count;
			entries[n_left - 1].value += entries[i].value;
		} else {
			entries[n_left++] = entries[i];
		}
	}
	return n_left;
}

static bool entry_is_of(const struct window_entry *entry, const struct window_row *row)
{
	return entry->thread == row->thread && entry->stack == row->stack;
}

/* The rows of sorted entries, and in @ret_n_entries[] how many entries each has. */
static size_t rows_of(const struct window_entry *entries, size_t n_entries,
		      struct window_row *ret_rows, uint32_t *ret_n_entries)
{
	size_t n_rows = 0;

	for (size_t i = 0; i < n_entries; i++) {
		const struct window_entry *entry = &entries[i];
		struct window_row *row = n_rows ? &ret_rows[n_rows - 1] : NULL;

		if (!row || !entry_is_of(entry, row)) {
			row = &ret_rows[n_rows];
			*row = (struct window_row){ .thread = entry->thread,
						    .stack = entry->stack };
			ret_n_entries[n_rows++] = 0;
		}
		row->count += entry->count;
		row->value += entry->value;
		ret_n_entries[n_rows - 1]++;
	}
	return n_rows;
}

/* By how much a value differs from what its count alone would make it. */
static int64_t excess_of(uint64_t value, uint64_t count, uint64_t period)
{
	return (int64_t)(value - count * period);
}

static void columns_append_totals(struct buffer *columns, const struct window_row *rows,
				  size_t n_rows, uint64_t period)
{
	varint_append(columns, n_rows);
	varint_append(columns, period);
	for (size_t i = 0; i < n_rows; i++)
		varint_append(columns, rows[i].thread - (i ? rows[i - 1].thread : 0));
	for (size_t i = 0; i < n_rows; i++) {
		bool follows = i && rows[i].thread == rows[i - 1].thread;

		varint_append(columns, rows[i].stack - (follows ? rows[i - 1].stack : 0));
	}
	for (size_t i = 0; i < n_rows; i++)
		varint_append(columns, rows[i].count);
	for (size_t i = 0; i < n_rows; i++)
		varint_append_signed(columns, excess_of(rows[i].value, rows[i].count, period));
}

static void columns_append_seconds(struct buffer *columns, const struct window_entry *entries,
				   size_t n_entries, uint64_t period)
{
	for (size_t i = 0; i < n_entries; i++) {
		bool follows = i && entries[i].thread == entries[i - 1].thread &&
			       entries[i].stack == entries[i - 1].stack;

		varint_append(columns, entries[i].second - (follows ? entries[i - 1].second : 0));
	}
	for (size_t i = 0; i < n_entries; i++)
		varint_append(columns, entries[i].count);
	for (size_t i = 0; i < n_entries; i++)
		varint_append_signed(columns,
				     excess_of(entries[i].value, entries[i].count, period));
}

int window_rows_encode(const struct window_entry *entries, size_t n_entries, uint64_t period,
		       struct buffer *ret_totals, struct buffer *ret_seconds)
{
	_cleanup_(freep) struct window_row *rows = calloc(n_entries + 1, sizeof(*rows));
	_cleanup_(freep) uint32_t *n_of_row = calloc(n_entries + 1, sizeof(*n_of_row));
	_cleanup_(buffer_fini) struct buffer totals = { 0 }, seconds = { 0 };
	size_t n_rows;
	int r;

	if (n_entries > WINDOW_ROWS_MAX)
		return -E2BIG;
	if (!rows || !n_of_row)
		return -ENOMEM;
	n_rows = rows_of(entries, n_entries, rows, n_of_row);
	columns_append_totals(&totals, rows, n_rows, period);
	for (size_t i = 0; i < n_rows; i++)
		varint_append(&seconds, n_of_row[i]);
	columns_append_seconds(&seconds, entries, n_entries, period);
	r = columns_compress(&totals, ret_totals);
	return r < 0 ? r : columns_compress(&seconds, ret_seconds);
}

static int reserve(void **items, size_t *capacity, size_t count, size_t item_bytes)
{
	return array_reserve(items, capacity, count ? count : 1, item_bytes);
}

static int read_value(struct varint_reader *reader, uint64_t count, uint64_t period,
		      uint64_t *ret_value)
{
	int64_t excess;
	int r;

	r = varint_read_signed(reader, &excess);
	if (r == 0)
		*ret_value = count * period + (uint64_t)excess;
	return r;
}

/* Columns that are read side by side, so that memory is gone through once. */
struct row_columns {
	struct varint_reader threads, stacks, counts, excesses;
};

static int row_columns_init(struct varint_reader reader, size_t n_rows,
			    struct row_columns *ret_columns)
{
	int r = varint_pass(&reader, n_rows, &ret_columns->threads);

	if (r == 0)
		r = varint_pass(&reader, n_rows, &ret_columns->stacks);
	if (r == 0)
		r = varint_pass(&reader, n_rows, &ret_columns->counts);
	if (r == 0)
		r = varint_pass(&reader, n_rows, &ret_columns->excesses);
	return r == 0 && reader.next != reader.end ? -EBADMSG : r;
}

/* @before is the row before it, or one of zeros, which @is_first. */
static int read_row(struct row_columns *columns, const struct window_row *before, bool is_first,
		    struct window_row *row)
{
	int r = columns_read_after(&columns->threads, before->thread, &row->thread);
	bool follows = !is_first && row->thread == before->thread;

	if (r == 0)
		r = columns_read_after(&columns->stacks, follows ? before->stack : 0, &row->stack);
	if (r == 0 && follows && row->stack == before->stack)
		r = -EBADMSG;
	return r < 0 ? r : columns_read_count(&columns->counts, &row->count);
}

static int read_rows(struct varint_reader reader, struct window_rows *rows)
{
	const struct window_row zeros = { 0 };
	struct row_columns columns;
	uint64_t period = rows->period;
	size_t n_rows = rows->n_rows;
	int r = row_columns_init(reader, n_rows, &columns);

	for (size_t i = 0; r == 0 && i < n_rows; i++) {
		struct window_row *row = &rows->rows[i];

		r = read_row(&columns, i ? row - 1 : &zeros, !i, row);
		if (r == 0)
			r = read_value(&columns.excesses, row->count, period, &row->value);
	}
	return r;
}

/* The reader is left where the columns begin. */
static int read_head(struct varint_reader *reader, uint64_t *ret_n_rows, uint64_t *ret_period)
{
	int r = varint_read(reader, ret_n_rows);

	if (r == 0)
		r = varint_read(reader, ret_period);
	if (r < 0)
		return r;
	/* Each row takes a byte in each of its four columns, so no number can ask for much. */
	return *ret_n_rows > WINDOW_ROWS_MAX ||
			       *ret_n_rows > (size_t)(reader->end - reader->next) / 4
		       ? -EBADMSG
		       : 0;
}

int window_rows_decode(struct window_rows *rows, const void *totals, size_t n_bytes)
{
	struct varint_reader reader;
	uint64_t n_rows = 0;
	int r;

	rows->n_rows = 0;
	rows->n_entries = 0;
	r = columns_expand(&rows->columns, totals, n_bytes, WINDOW_ROWS_MAX * ROW_MAX_BYTES,
			   &reader);
	if (r == 0)
		r = read_head(&reader, &n_rows, &rows->period);
	if (r == 0)
		r = reserve((void **)&rows->rows, &rows->row_capacity, n_rows, sizeof(*rows->rows));
	if (r < 0)
		return r;
	rows->n_rows = n_rows;
	r = read_rows(reader, rows);
	if (r < 0)
		rows->n_rows = 0;
	return r;
}

struct entry_columns {
	struct varint_reader lengths, seconds, counts, excesses;
	uint64_t period;
};

/* How many entries the rows have together. */
static int sum_lengths(struct varint_reader lengths, size_t n_rows, size_t *ret_n_entries)
{
	uint64_t n_of_row, n_entries = 0;

	for (size_t i = 0; i < n_rows; i++) {
		int r = columns_read_count(&lengths, &n_of_row);

		if (r < 0)
			return r;
		if (n_of_row > WINDOW_ROWS_MAX - n_entries)
			return -EBADMSG;
		n_entries += n_of_row;
	}
	*ret_n_entries = n_entries;
	return 0;
}

static int entry_columns_init(struct varint_reader reader, size_t n_rows,
			      struct entry_columns *ret_columns, size_t *ret_n_entries)
{
	int r = varint_pass(&reader, n_rows, &ret_columns->lengths);

	if (r == 0)
		r = sum_lengths(ret_columns->lengths, n_rows, ret_n_entries);
	if (r == 0)
		r = varint_pass(&reader, *ret_n_entries, &ret_columns->seconds);
	if (r == 0)
		r = varint_pass(&reader, *ret_n_entries, &ret_columns->counts);
	if (r == 0)
		r = varint_pass(&reader, *ret_n_entries, &ret_columns->excesses);
	return r == 0 && reader.next != reader.end ? -EBADMSG : r;
}

/* @before is the one before it of the same row, or NULL. */
static int read_entry(struct entry_columns *columns, const struct window_row *row,
		      const struct window_entry *before, struct window_entry *entry)
{
	int r = columns_read_after(&columns->seconds, before ? before->second : 0, &entry->second);

	entry->thread = row->thread;
	entry->stack = row->stack;
	if (r == 0 && before && entry->second == before->second)
		r = -EBADMSG;
	if (r == 0)
		r = columns_read_count(&columns->counts, &entry->count);
	return r < 0 ? r
		     : read_value(&columns->excesses, entry->count, columns->period, &entry->value);
}

/* The entries of a row, which have to add up to it. */
static int read_entries_of(struct entry_columns *columns, const struct window_row *row,
			   struct window_entry *entries, uint64_t *ret_n_entries)
{
	uint64_t count = 0, value = 0;
	int r = varint_read(&columns->lengths, ret_n_entries);

	for (uint64_t i = 0; r == 0 && i < *ret_n_entries; i++) {
		r = read_entry(columns, row, i ? &entries[i - 1] : NULL, &entries[i]);
		if (r < 0)
			return r;
		count += entries[i].count;
		value += entries[i].value;
	}
	return r == 0 && (count != row->count || value != row->value) ? -EBADMSG : r;
}

static int read_entries(struct entry_columns columns, struct window_rows *rows)
{
	struct window_entry *next = rows->entries;
	size_t n_rows = rows->n_rows;
	uint64_t n_of_row;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_rows; i++) {
		r = read_entries_of(&columns, &rows->rows[i], next, &n_of_row);
		next += r == 0 ? n_of_row : 0;
	}
	return r;
}

int window_rows_decode_seconds(struct window_rows *rows, const void *seconds, size_t n_bytes)
{
	struct varint_reader reader;
	struct entry_columns columns;
	size_t n_entries;
	int r;

	rows->n_entries = 0;
	r = columns_expand(&rows->columns, seconds, n_bytes, WINDOW_ROWS_MAX * ROW_MAX_BYTES,
			   &reader);
	columns.period = rows->period;
	if (r == 0)
		r = entry_columns_init(reader, rows->n_rows, &columns, &n_entries);
	if (r == 0)
		r = reserve((void **)&rows->entries, &rows->entry_capacity, n_entries,
			    sizeof(*rows->entries));
	if (r == 0)
		r = read_entries(columns, rows);
	if (r == 0)
		rows->n_entries = n_entries;
	return r;
}

void window_rows_clip(struct window_rows *rows, int64_t start, int64_t end)
{
	size_t n_left = 0, n_rows = 0;

	for (size_t i = 0; i < rows->n_entries; i++) {
		const struct window_entry *entry = &rows->entries[i];
		struct window_row *row = n_rows ? &rows->rows[n_rows - 1] : NULL;

		if (entry->second < start || entry->second >= end)
			continue;
		if (!row || !entry_is_of(entry, row)) {
			row = &rows->rows[n_rows++];
			*row = (struct window_row){ .thread = entry->thread,
						    .stack = entry->stack };
		}
		row->count += entry->count;
		row->value += entry->value;
		rows->entries[n_left++] = *entry;
	}
	rows->n_rows = n_rows;
	rows->n_entries = n_left;
}

void window_rows_fini(struct window_rows *rows)
{
	free(rows->rows);
	free(rows->entries);
	columns_fini(&rows->columns);
	*rows = (struct window_rows){ 0 };
}
