/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

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

static int read_threads(struct varint_reader *reader, struct window_rows *rows)
{
	uint32_t before = 0;

	for (size_t i = 0; i < rows->n_rows; i++) {
		int r = columns_read_after(reader, before, &rows->rows[i].thread);

		if (r < 0)
			return r;
		before = rows->rows[i].thread;
	}
	return 0;
}

static int read_stacks(struct varint_reader *reader, struct window_rows *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++) {
		struct window_row *row = &rows->rows[i];
		bool follows = i && row->thread == row[-1].thread;
		int r = columns_read_after(reader, follows ? row[-1].stack : 0, &row->stack);

		if (r < 0)
			return r;
		if (follows && row->stack == row[-1].stack)
			return -EBADMSG;
	}
	return 0;
}

static int read_count(struct varint_reader *reader, uint64_t *ret_count)
{
	int r = varint_read(reader, ret_count);

	return r == 0 && !*ret_count ? -EBADMSG : r;
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

static int read_rows(struct varint_reader *reader, struct window_rows *rows)
{
	int r;

	r = read_threads(reader, rows);
	if (r == 0)
		r = read_stacks(reader, rows);
	for (size_t i = 0; r == 0 && i < rows->n_rows; i++)
		r = read_count(reader, &rows->rows[i].count);
	for (size_t i = 0; r == 0 && i < rows->n_rows; i++)
		r = read_value(reader, rows->rows[i].count, rows->period, &rows->rows[i].value);
	return r == 0 && reader->next != reader->end ? -EBADMSG : r;
}

int window_rows_decode(const void *totals, size_t n_bytes, struct window_rows *ret_rows)
{
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	_cleanup_(freep) void *columns = NULL;
	struct varint_reader reader;
	uint64_t n_rows;
	int r;

	r = columns_expand(totals, n_bytes, WINDOW_ROWS_MAX * ROW_MAX_BYTES, &columns, &reader);
	if (r == 0)
		r = varint_read(&reader, &n_rows);
	if (r == 0)
		r = varint_read(&reader, &rows.period);
	if (r < 0)
		return r;
	/* Each row takes a byte in each of its four columns, so no number can ask for much. */
	if (n_rows > WINDOW_ROWS_MAX || n_rows > (size_t)(reader.end - reader.next) / 4)
		return -EBADMSG;
	rows.n_rows = n_rows;
	rows.rows = calloc(n_rows + 1, sizeof(*rows.rows));
	if (!rows.rows)
		return -ENOMEM;
	r = read_rows(&reader, &rows);
	if (r < 0)
		return r;
	*ret_rows = rows;
	rows.rows = NULL;
	return 0;
}

void window_rows_fini(struct window_rows *rows)
{
	free(rows->rows);
	*rows = (struct window_rows){ 0 };
}

/* The entries of each row, without times and counts yet. */
static int read_lengths(struct varint_reader *reader, const struct window_rows *rows,
			struct window_entry **ret_entries, size_t *ret_n_entries)
{
	struct varint_reader ahead = *reader;
	struct window_entry *entry;
	uint64_t n_of_row, n_entries = 0;
	int r;

	for (size_t i = 0; i < rows->n_rows; i++) {
		r = read_count(&ahead, &n_of_row);
		if (r < 0)
			return r;
		if (n_of_row > WINDOW_ROWS_MAX - n_entries)
			return -EBADMSG;
		n_entries += n_of_row;
	}
	entry = calloc(n_entries + 1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*ret_entries = entry;
	*ret_n_entries = n_entries;
	for (size_t i = 0; i < rows->n_rows; i++) {
		varint_read(reader, &n_of_row);
		for (; n_of_row; n_of_row--)
			*entry++ = (struct window_entry){ .thread = rows->rows[i].thread,
							  .stack = rows->rows[i].stack };
	}
	return 0;
}

static int read_entries(struct varint_reader *reader, uint64_t period, struct window_entry *entries,
			size_t n_entries)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_entries; i++) {
		struct window_entry *entry = &entries[i];
		bool follows =
			i && entry->thread == entry[-1].thread && entry->stack == entry[-1].stack;

		r = columns_read_after(reader, follows ? entry[-1].second : 0, &entry->second);
		if (r == 0 && follows && entry->second == entry[-1].second)
			r = -EBADMSG;
	}
	for (size_t i = 0; r == 0 && i < n_entries; i++)
		r = read_count(reader, &entries[i].count);
	for (size_t i = 0; r == 0 && i < n_entries; i++)
		r = read_value(reader, entries[i].count, period, &entries[i].value);
	return r == 0 && reader->next != reader->end ? -EBADMSG : r;
}

/* Do the entries of each row add up to it? */
static bool entries_are_of(const struct window_entry *entries, size_t n_entries,
			   const struct window_rows *rows)
{
	size_t entry_i = 0;

	for (size_t i = 0; i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];
		uint64_t count = 0, value = 0;

		for (; entry_i < n_entries && entry_is_of(&entries[entry_i], row); entry_i++) {
			count += entries[entry_i].count;
			value += entries[entry_i].value;
		}
		if (count != row->count || value != row->value)
			return false;
	}
	return true;
}

int window_rows_decode_seconds(const struct window_rows *rows, const void *seconds, size_t n_bytes,
			       struct window_entry **ret_entries, size_t *ret_n_entries)
{
	_cleanup_(freep) struct window_entry *entries = NULL;
	_cleanup_(freep) void *columns = NULL;
	struct varint_reader reader;
	size_t n_entries = 0;
	int r;

	r = columns_expand(seconds, n_bytes, WINDOW_ROWS_MAX * ROW_MAX_BYTES, &columns, &reader);
	if (r == 0)
		r = read_lengths(&reader, rows, &entries, &n_entries);
	if (r == 0)
		r = read_entries(&reader, rows->period, entries, n_entries);
	if (r < 0)
		return r;
	if (!entries_are_of(entries, n_entries, rows))
		return -EBADMSG;
	*ret_entries = steal(entries);
	*ret_n_entries = n_entries;
	return 0;
}
