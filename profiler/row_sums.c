/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/row_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"

void row_sums_fini(struct row_sums *sums)
{
	for (size_t i = 0; i < sums->n_threads; i++)
		free(sums->threads[i].rows);
	free(sums->threads);
	free(sums->fresh);
	*sums = (struct row_sums){ 0 };
}

/* Add up what is there already, and put the rest into @fresh. Returns how many these are. Which of
 * the two is next cannot be foretold, so nothing branches on it. */
static size_t add_known(struct thread_rows *thread, const struct window_row *rows, size_t n_rows,
			struct window_row *fresh)
{
	struct window_row *known = thread->rows, *known_end = known ? known + thread->n_rows : NULL;
	const struct window_row *end = rows + n_rows;
	size_t n_fresh = 0;

	while (known < known_end && rows < end) {
		uint32_t known_stack = known->stack, stack = rows->stack;
		uint64_t is_same = known_stack == stack;

		known->count += rows->count & -is_same;
		known->value += rows->value & -is_same;
		fresh[n_fresh] = *rows;
		n_fresh += known_stack > stack;
		rows += known_stack >= stack;
		known += known_stack <= stack;
	}
	while (rows < end)
		fresh[n_fresh++] = *rows++;
	return n_fresh;
}

/* Merge rows of which none is there with those that are, which have room for them: from the back,
 * so that nothing is in the way. */
static void merge(struct thread_rows *thread, const struct window_row *fresh, size_t n_fresh)
{
	size_t n_known = thread->n_rows, n = n_known + n_fresh;

	thread->n_rows = n;
	while (n_fresh) {
		if (n_known && thread->rows[n_known - 1].stack > fresh[n_fresh - 1].stack)
			thread->rows[--n] = thread->rows[--n_known];
		else
			thread->rows[--n] = fresh[--n_fresh];
	}
}

/* A thread that lives for a moment has few rows, and there may be very many of them. */
static int reserve_rows(struct thread_rows *thread, size_t n_rows)
{
	if (thread->rows)
		return array_reserve((void **)&thread->rows, &thread->capacity, n_rows,
				     sizeof(*thread->rows));
	thread->rows = malloc(n_rows * sizeof(*thread->rows));
	thread->capacity = thread->rows ? n_rows : 0;
	return thread->rows ? 0 : -ENOMEM;
}

static int add_rows(struct row_sums *sums, struct thread_rows *thread,
		    const struct window_row *rows, size_t n_rows)
{
	size_t n_fresh = add_known(thread, rows, n_rows, sums->fresh);
	size_t capacity = thread->capacity;
	int r = reserve_rows(thread, thread->n_rows + n_fresh);

	if (r < 0)
		return r;
	merge(thread, sums->fresh, n_fresh);
	sums->n_rows += n_fresh;
	sums->row_capacity += thread->capacity - capacity;
	return 0;
}

/* Put @thread, which is not there yet, where it belongs: mostly at the end, as numbers are given in
 * order of time. */
static int insert_thread(struct row_sums *sums, size_t at, uint32_t thread)
{
	int r = array_reserve((void **)&sums->threads, &sums->thread_capacity, sums->n_threads + 1,
			      sizeof(*sums->threads));

	if (r < 0)
		return r;
	memmove(&sums->threads[at + 1], &sums->threads[at],
		(sums->n_threads - at) * sizeof(*sums->threads));
	sums->threads[at] = (struct thread_rows){ .thread = thread };
	sums->n_threads++;
	return 0;
}

static size_t count_rows_of_first(const struct window_row *rows, size_t n_rows)
{
	size_t n = 1;

	while (n < n_rows && rows[n].thread == rows->thread)
		n++;
	return n;
}

int row_sums_add(struct row_sums *sums, const struct window_row *rows, size_t n_rows)
{
	/* One more than there may be: room for what is written, and then not kept. */
	int r = array_reserve((void **)&sums->fresh, &sums->fresh_capacity, n_rows + 1,
			      sizeof(*sums->fresh));
	size_t thread_i = 0, n;

	for (; r == 0 && n_rows; rows += n, n_rows -= n) {
		n = count_rows_of_first(rows, n_rows);
		while (thread_i < sums->n_threads && sums->threads[thread_i].thread < rows->thread)
			thread_i++;
		if (thread_i == sums->n_threads || sums->threads[thread_i].thread != rows->thread)
			r = insert_thread(sums, thread_i, rows->thread);
		if (r == 0)
			r = add_rows(sums, &sums->threads[thread_i], rows, n);
	}
	return r;
}

size_t row_sums_bytes(const struct row_sums *sums)
{
	return (sums->row_capacity + sums->fresh_capacity) * sizeof(*sums->fresh) +
	       sums->thread_capacity * sizeof(*sums->threads);
}
