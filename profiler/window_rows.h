/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Window rows: the samples of a window of history, added up by thread, stack and second, as bytes.
 *
 *     entries  --window_rows_encode-->  totals   a row for each thread and stack
 *                                       seconds  when the samples of each row were
 *
 * A second is the finest time that rows have of a sample (moments: window_moments.h), and it keeps
 * it when windows are rolled up into longer ones; so a range has the same samples before and after.
 * Whoever wants a window whole reads its totals alone. Both are columns of varints (varint.h), each
 * the difference from the row before it, compressed by zstd:
 *
 *     totals   n_rows; period; thread[]; stack[]; count[]; excess[]
 *     seconds  n_entries[]; second[]; count[]; excess[]
 *
 * where excess is by how much the value differs from count · period: nearly always 0. What is read
 * may have been damaged, or written by a stranger: all of it is checked.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/columns.h"

#define WINDOW_ROWS_MAX (1U << 19) /* rows, and entries, in one window */

struct buffer;

/* Of threads and stacks there are the numbers that history has given them. */
struct window_entry {
	uint32_t thread;
	uint32_t stack;
	uint32_t second; /* since the start of the window */
	uint64_t count;
	uint64_t value;
};

struct window_row {
	uint32_t thread;
	uint32_t stack;
	uint64_t count;
	uint64_t value;
};

/* A window that is read, and room for one: used again by the next that is read into it. */
struct window_rows {
	struct window_row *rows; /* sorted by thread, then stack; each pair once */
	size_t n_rows;
	uint64_t period;              /* most entries have count · period as their value */
	struct window_entry *entries; /* if seconds were read: by row, then by second */
	size_t n_entries;
	size_t row_capacity, entry_capacity;
	struct columns columns; /* scratch */
};

/* Sort @entries, and add up those that differ in count and value alone. Returns how many are left:
 * each with a count, and none twice. */
size_t window_entries_sum(struct window_entry *entries, size_t n_entries);

/*
 * Append to @ret_totals and @ret_seconds the rows of @entries, as window_entries_sum() leaves them.
 * @period is what the value of one sample is most often.
 *
 * Returns 0, -E2BIG if there are more than WINDOW_ROWS_MAX, or -ENOMEM.
 */
int window_rows_encode(const struct window_entry *entries, size_t n_entries, uint64_t period,
		       struct buffer *ret_totals, struct buffer *ret_seconds);

/*
 * Read the totals of a window into @rows: a zeroed struct, or one that was read into before.
 *
 * Returns 0; -EBADMSG if the bytes are damaged, or -ENOMEM: then there are no rows.
 */
int window_rows_decode(struct window_rows *rows, const void *totals, size_t n_bytes);

/*
 * Read the seconds of @rows. Returns 0; -EBADMSG if the bytes are damaged, or are not those of
 * @rows; or -ENOMEM.
 */
int window_rows_decode_seconds(struct window_rows *rows, const void *seconds, size_t n_bytes);

/*
 * Keep entries from second @start until before @end alone, if need be in rows of what is left.
 */
void window_rows_clip(struct window_rows *rows, int64_t start, int64_t end);

/* Works on a zeroed struct. */
void window_rows_fini(struct window_rows *rows);
