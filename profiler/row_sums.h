/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Row sums: rows of several windows, added up by thread and stack.
 *
 * Within a window rows are sorted, so they are merged, window by window, with what there is: that
 * goes through memory from front to back, where looking each row up would jump about. It is for
 * some hundred windows, as roll-ups leave them.
 *
 * A zeroed struct is an empty one.
 */

#include <stddef.h>

#include "profiler/window_rows.h"

struct row_sums {
	struct window_row *rows; /* sorted by thread, then stack; each pair once */
	size_t n_rows;
	size_t row_capacity;
	struct window_row *fresh; /* scratch: what no window had before */
	size_t fresh_capacity;
	struct window_row *spare; /* scratch: of as many as there are */
	size_t spare_capacity;
};

/* Works on a zeroed struct. */
void row_sums_fini(struct row_sums *sums);

/* Add rows that are sorted by thread, then stack, each pair once. Returns 0 or -ENOMEM. */
int row_sums_add(struct row_sums *sums, const struct window_row *rows, size_t n_rows);

/* Memory in use. */
size_t row_sums_bytes(const struct row_sums *sums);
