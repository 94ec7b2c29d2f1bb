/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Row sums: rows of several windows, added up by thread and stack.
 *
 * Within a window rows are sorted, so those of each thread are merged with what there is of it:
 * that goes through memory from front to back, where looking each row up would jump about, and
 * nothing is copied of threads that have gone. It is for some hundred windows, as roll-ups leave
 * them.
 *
 * A zeroed struct is an empty one.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/window_rows.h"

/* What is there of a thread. */
struct thread_rows {
	uint32_t thread;
	struct window_row *rows; /* sorted by stack; each once */
	size_t n_rows;
	size_t capacity;
};

struct row_sums {
	struct thread_rows *threads; /* sorted by thread; none is without rows */
	size_t n_threads;
	size_t thread_capacity;
	size_t n_rows;            /* of all threads */
	size_t row_capacity;      /* likewise */
	struct window_row *fresh; /* scratch: what a thread had not before */
	size_t fresh_capacity;
};

/* Works on a zeroed struct. */
void row_sums_fini(struct row_sums *sums);

/* Add rows that are sorted by thread, then stack, each pair once. Returns 0 or -ENOMEM. */
int row_sums_add(struct row_sums *sums, const struct window_row *rows, size_t n_rows);

/* Memory in use. */
size_t row_sums_bytes(const struct row_sums *sums);
