/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Heat map: when in its second each sample was taken. A column is a second, or some, a row a part
 * of a second: what comes and goes within one shows as a pattern.
 *
 *     row 2 │ · ▒ ·
 *     row 1 │ ▒ █ ▒     offset in the second
 *     row 0 │ · ▒ ·
 *           └───────    seconds
 */

#include <stddef.h>
#include <stdint.h>

struct query;
struct store;

#define HEATMAP_MAX_ROWS  1000
#define HEATMAP_MAX_CELLS (1U << 20)

struct heatmap {
	int64_t start_unix_s; /* of the first column: the second in which the range begins */
	uint64_t column_s;    /* seconds in a column */
	size_t n_columns;
	size_t n_rows;
	uint64_t *counts; /* samples: a column after the other */
	uint64_t *coarse; /* by column: samples of which nothing but the second is known */
	uint64_t count;   /* of all */
	uint64_t value;
};

struct heatmap_options {
	uint32_t max_columns; /* > 0; @max_columns * @n_rows is HEATMAP_MAX_CELLS at most */
	uint32_t n_rows;      /* > 0 */
};

/*
 * Returns 0 and initialises *@ret_heatmap, -EDQUOT if the budget of @query is used up, or -ENOMEM.
 */
int heatmap_init(struct store *store, const struct query *query,
		 const struct heatmap_options *options, struct heatmap *ret_heatmap);

/* Works on a zeroed struct. */
void heatmap_fini(struct heatmap *heatmap);
