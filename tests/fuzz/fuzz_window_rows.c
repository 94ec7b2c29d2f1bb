/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window rows: bytes that somebody else has written are rows and entries that are sorted and add
 * up, or damaged. What was read is written again, and reads as the same. A file is a byte, which
 * says whether the columns that follow are compressed as they are; two bytes, how long the totals
 * are; totals; seconds.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/window_rows.h"

enum { HEADER_BYTES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* In a block of exact size, so that a read past its end is seen. */
static void take(const uint8_t *data, size_t size, bool is_compressed, struct buffer *ret_bytes)
{
	size_t bound = ZSTD_compressBound(size);
	char *bytes = malloc(bound);

	must(bytes != NULL);
	if (!is_compressed)
		size = ZSTD_compress(bytes, bound, data, size, 1);
	else
		memcpy(bytes, data, size);
	must(!ZSTD_isError(size));
	buffer_append(ret_bytes, bytes, size);
	free(bytes);
	must(buffer_error(ret_bytes) == 0);
}

static void check_order(const struct window_rows *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];

		must(row->count > 0);
		must(!i || row[-1].thread < row->thread ||
		     (row[-1].thread == row->thread && row[-1].stack < row->stack));
	}
}

static void check_again(const struct window_rows *rows)
{
	_cleanup_(buffer_fini) struct buffer totals = { 0 }, seconds = { 0 };
	_cleanup_(window_rows_fini) struct window_rows again = { 0 };

	must(window_rows_encode(rows->entries, rows->n_entries, rows->period, &totals, &seconds) ==
	     0);
	must(window_rows_decode(&again, totals.data, totals.size) == 0);
	must(again.n_rows == rows->n_rows);
	must(window_rows_decode_seconds(&again, seconds.data, seconds.size) == 0);
	must(again.n_entries == rows->n_entries);
	for (size_t i = 0; i < rows->n_entries; i++)
		must(rows->entries[i].second == again.entries[i].second &&
		     rows->entries[i].count == again.entries[i].count &&
		     rows->entries[i].value == again.entries[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buffer_fini) struct buffer totals = { 0 }, seconds = { 0 };
	_cleanup_(window_rows_fini) struct window_rows rows = { 0 };
	size_t n_totals;

	if (size < HEADER_BYTES)
		return 0;
	n_totals = (size_t)data[1] << 8 | data[2];
	if (n_totals > size - HEADER_BYTES)
		return 0;
	take(data + HEADER_BYTES, n_totals, data[0] & 1, &totals);
	take(data + HEADER_BYTES + n_totals, size - HEADER_BYTES - n_totals, data[0] & 1, &seconds);
	if (window_rows_decode(&rows, totals.data, totals.size) < 0)
		return 0;
	check_order(&rows);
	if (window_rows_decode_seconds(&rows, seconds.data, seconds.size) == 0)
		check_again(&rows);
	return 0;
}
