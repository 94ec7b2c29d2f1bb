/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/row_sums.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "profiler/base/array.h"

void row_sums_fini(struct row_sums *sums)
{
	free(sums->rows);
	free(sums->fresh);
	free(sums->spare);
	*sums = (struct row_sums){ 0 };
}

/* Both in one number, by which rows are sorted. */
static uint64_t key_of(const struct window_row *row)
{
	return (uint64_t)row->thread << 32 | row->stack;
}

/* Add up what is there already, and put the rest into @fresh. Returns how many these are. Which of
 * the two is next cannot be foretold, so nothing branches on it. */
static size_t add_known(struct row_sums *sums, const struct window_row *rows, size_t n_rows,
			struct window_row *fresh)
{
	struct window_row *known = sums->rows, *known_end = known ? known + sums->n_rows : NULL;
	const struct window_row *end = rows + n_rows;
	size_t n_fresh = 0;

	while (known < known_end && rows < end) {
		uint64_t known_key = key_of(known), key = key_of(rows);
		uint64_t is_same = known_key == key;

		known->count += rows->count & -is_same;
		known->value += rows->value & -is_same;
		fresh[n_fresh] = *rows;
		n_fresh += known_key > key;
		rows += known_key >= key;
		known += known_key <= key;
	}
	while (rows < end)
		fresh[n_fresh++] = *rows++;
	return n_fresh;
}

/* Merge what is there with rows of which none is there, into @merged. */
static void merge(const struct row_sums *sums, size_t n_fresh, struct window_row *merged)
{
	const struct window_row *a = sums->rows, *a_end = a ? a + sums->n_rows : NULL;
	const struct window_row *b = sums->fresh, *b_end = b + n_fresh;

	while (a < a_end && b < b_end)
		*merged++ = key_of(a) < key_of(b) ? *a++ : *b++;
	while (a < a_end)
		*merged++ = *a++;
	while (b < b_end)
		*merged++ = *b++;
}

static int add_fresh(struct row_sums *sums, size_t n_fresh)
{
	struct window_row *merged;
	size_t capacity;
	int r;

	if (!n_fresh)
		return 0;
	r = array_reserve((void **)&sums->spare, &sums->spare_capacity, sums->n_rows + n_fresh,
			  sizeof(*sums->spare));
	if (r < 0)
		return r;
	merge(sums, n_fresh, sums->spare);
	sums->n_rows += n_fresh;
	merged = sums->spare;
	sums->spare = sums->rows;
	sums->rows = merged;
	capacity = sums->spare_capacity;
	sums->spare_capacity = sums->row_capacity;
	sums->row_capacity = capacity;
	return 0;
}

int row_sums_add(struct row_sums *sums, const struct window_row *rows, size_t n_rows)
{
	/* One more than there may be: room for what is written, and then not kept. */
	int r = array_reserve((void **)&sums->fresh, &sums->fresh_capacity, n_rows + 1,
			      sizeof(*sums->fresh));

	return r < 0 ? r : add_fresh(sums, add_known(sums, rows, n_rows, sums->fresh));
}

size_t row_sums_bytes(const struct row_sums *sums)
{
	return (sums->row_capacity + sums->fresh_capacity + sums->spare_capacity) *
	       sizeof(*sums->rows);
}
