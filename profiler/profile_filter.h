/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile filter: samples and frames by the names of functions, as pprof's options of these names.
 *
 *     focus   only samples with a frame that matches
 *     ignore  no samples with a frame that matches
 *     hide    samples without the functions that match
 *     show    samples with nothing but the functions that match
 *
 * A frame matches by the name or the file of one of its functions, inlined ones included, or by its
 * mapping's file, each in any part; a function by its own, or by the mapping's. Samples of which no
 * frame is left are left out.
 */

#include <stdbool.h>

struct pattern;
struct profile;
struct query_budget;

struct profile_filter {
	struct pattern *focus; /* each may be NULL; borrowed */
	struct pattern *ignore;
	struct pattern *hide;
	struct pattern *show;
};

bool profile_filter_is_empty(const struct profile_filter *filter);

/*
 * Make what @filter leaves of @profile. @budget (which may be NULL) pays for it, and counts matches
 * that were given up.
 *
 * Returns 0 and sets *@ret_profile (owned by the caller), -EDQUOT if the budget is used up, or
 * -ENOMEM.
 */
int profile_filter_apply(const struct profile_filter *filter, const struct profile *profile,
			 struct query_budget *budget, struct profile **ret_profile);
