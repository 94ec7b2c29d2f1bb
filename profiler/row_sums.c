/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/row_sums.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "profiler/base/array.h"

void row_sums_fini(struct row_sums *sums)
{
	free(sums->rows);
	free(sums->run);
	*sums = (struct row_sums){ 0 };
}

/* Both in one number, by which rows are sorted. */
static uint64_t key_of(const struct window_row *row)
{
	return (uint64_t)row->thread << 32 | row->stack;
}

static void add_up(struct window_row *row, const struct window_row *more)
{
	row->count += more->count;
	row->value += more->value;
}

/* Merge the run with the rows, into @merged. Returns how many there are then. */
static size_t merge(const struct row_sums *sums, struct window_row *merged)
{
	const struct window_row *a = sums->rows, *a_end = a ? a + sums->n_rows : NULL;
	const struct window_row *b = sums->run, *b_end = b + sums->n_run;
	size_t n_merged = 0;

	while (a < a_end && b < b_end) {
		uint64_t a_key = key_of(a), b_key = key_of(b);

		if (a_key < b_key) {
			merged[n_merged++] = *a++;
			continue;
		}
		merged[n_merged] = *b++;
		if (a_key == b_key)
			add_up(&merged[n_merged], a++);
		n_merged++;
	}
	while (a < a_end)
		merged[n_merged++] = *a++;
	while (b < b_end)
		merged[n_merged++] = *b++;
	return n_merged;
}

int row_sums_finish(struct row_sums *sums)
{
	struct window_row *merged;

	if (!sums->n_run)
		return 0;
	merged = malloc((sums->n_rows + sums->n_run) * sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	sums->n_rows = merge(sums, merged);
	free(sums->rows);
	sums->rows = merged;
	sums->n_run = 0;
	return 0;
}

int row_sums_add(struct row_sums *sums, const struct window_row *row)
{
	struct window_row *last = sums->n_run ? &sums->run[sums->n_run - 1] : NULL;
	int r = 0;

	if (last && key_of(last) == key_of(row)) {
		add_up(last, row);
		return 0;
	}
	if (last && key_of(last) > key_of(row))
		r = row_sums_finish(sums);
	if (r == 0)
		r = array_reserve((void **)&sums->run, &sums->run_capacity, sums->n_run + 1,
				  sizeof(*sums->run));
	if (r == 0)
		sums->run[sums->n_run++] = *row;
	return r;
}

size_t row_sums_bytes(const struct row_sums *sums)
{
	return (sums->n_rows + sums->run_capacity) * sizeof(*sums->rows);
}
