/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Series set: the selected samples added up by step of time, a series for each group of labels.
 *
 *     step 0          step 1          …
 *     ├───────────────┼───────────────┼─
 *     start           start + step_ns      a step has its start, and not its end
 *
 * The groups with the largest sums have a series each, the largest first; all others share the
 * last one.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/profile.h"

struct label_group;
struct label_groups;
struct query;
struct store;

#define SERIES_MAX_STEPS 11000 /* as Prometheus has it */

struct series_sum {
	uint64_t count;
	uint64_t value;
};

struct series {
	const struct label_group *group; /* NULL: those that have no series of their own */
	size_t n_groups;                 /* how many these are; else 1 */
	struct series_sum total;
	const struct series_sum *steps; /* n_steps of them */
};

struct series_set {
	size_t n_steps;
	struct series *series;
	size_t n_series;
	struct series_sum total;
	struct series_sum *sums;     /* what series point to */
	struct label_groups *groups; /* likewise */
};

struct series_options {
	const char *const *names; /* as for label_groups_new(); borrowed for the call */
	size_t n_names;
	int64_t step_ns;            /* > 0, and so long that there are at most SERIES_MAX_STEPS */
	size_t max_series;          /* groups with one of their own; > 0 */
	enum profile_weight weight; /* which sum it is that is the largest */
};

/*
 * Returns 0 and initialises *@ret_set, -EDQUOT if the budget of @query is used up, or -ENOMEM.
 * That groups had to share a series is a limit that was met.
 */
int series_set_init(struct store *store, const struct query *query,
		    const struct series_options *options, struct series_set *ret_set);

/* Works on a zeroed struct. */
void series_set_fini(struct series_set *set);

/* How many steps of @step_ns a range has; the last one may be shorter. */
uint64_t series_count_steps(int64_t start_unix_ns, int64_t end_unix_ns, int64_t step_ns);
