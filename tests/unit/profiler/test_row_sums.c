/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/row_sums.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { N_THREADS = 7, N_STACKS = 50, N_WINDOWS = 40 };

/* The one of that number, in order. */
static const struct window_row *row_at(const struct row_sums *sums, size_t i)
{
	const struct thread_rows *thread = sums->threads;

	assert_true(i < sums->n_rows);
	for (; i >= thread->n_rows; thread++)
		i -= thread->n_rows;
	assert_int_equal(thread->rows[i].thread, thread->thread);
	return &thread->rows[i];
}

static void adds_up_windows_as_a_table_would(void **state)
{
	static uint64_t table[N_THREADS][N_STACKS];
	struct window_row rows[N_THREADS * N_STACKS];
	struct row_sums sums = { 0 };
	uint32_t seed = 1;
	size_t row_i = 0;

	(void)state;
	for (int window = 0; window < N_WINDOWS; window++) {
		size_t n_rows = 0;

		for (uint32_t i = 0; i < N_THREADS * N_STACKS; i++) {
			struct window_row row = { i / N_STACKS, i % N_STACKS, 1 + i, 2 * (1 + i) };

			seed = seed * 1103515245 + 12345;
			if ((seed >> 16) % 3)
				continue;
			table[row.thread][row.stack] += row.count;
			rows[n_rows++] = row;
		}
		assert_int_equal(row_sums_add(&sums, rows, n_rows), 0);
	}
	for (uint32_t i = 0; i < N_THREADS * N_STACKS; i++) {
		const struct window_row *row;

		if (!table[i / N_STACKS][i % N_STACKS])
			continue;
		row = row_at(&sums, row_i++);
		assert_int_equal(row->thread, i / N_STACKS);
		assert_int_equal(row->stack, i % N_STACKS);
		assert_true(row->count == table[i / N_STACKS][i % N_STACKS]);
		assert_true(row->value == 2 * row->count);
	}
	assert_int_equal(sums.n_rows, row_i);
	row_sums_fini(&sums);
}

static void takes_windows_that_share_nothing(void **state)
{
	static const struct window_row last[] = { { 5, 1, 1, 10 }, { 5, UINT32_MAX, 1, 10 } };
	static const struct window_row first[] = { { 0, 0, 1, 10 }, { 1, 9, 1, 10 } };
	struct row_sums sums = { 0 };

	(void)state;
	assert_int_equal(row_sums_add(&sums, NULL, 0), 0);
	assert_int_equal(sums.n_rows, 0);
	assert_int_equal(row_sums_add(&sums, last, 2), 0);
	assert_int_equal(row_sums_add(&sums, first, 2), 0);
	assert_int_equal(row_sums_add(&sums, last, 2), 0);
	assert_int_equal(row_sums_add(&sums, last, 0), 0);
	assert_int_equal(sums.n_rows, 4);
	assert_int_equal(row_at(&sums, 0)->thread, 0);
	assert_int_equal(row_at(&sums, 1)->thread, 1);
	assert_int_equal(row_at(&sums, 2)->count, 2);
	assert_int_equal(row_at(&sums, 3)->value, 20);
	row_sums_fini(&sums);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_windows_as_a_table_would),
		cmocka_unit_test(takes_windows_that_share_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
