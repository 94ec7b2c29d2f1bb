/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past sums: the samples of a range of history, added up as far as they are wished for.
 */

#include <stddef.h>
#include <stdint.h>

struct database;
struct past_sample;
struct past_wish;

/*
 * Read what @wish asks for.
 *
 * Returns 0 and sets *@ret_samples (owned by the caller), in order of thread and stack for
 * PAST_TOTALS, else in none, all of them sums; -EDQUOT if the budget is used up, or an error of
 * database.h. Windows that are damaged are left out, and counted in *@n_damaged.
 */
int past_sums_read(struct database *database, const struct past_wish *wish,
		   struct past_sample **ret_samples, size_t *ret_n_samples, uint64_t *n_damaged);
