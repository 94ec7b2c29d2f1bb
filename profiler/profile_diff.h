/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile diff: what a profile has more, or less, than its base.
 *
 * As pprof keeps it (`-diff_base`): all samples of both, those of the base to be subtracted
 * (is_base), and under the label pprof::base, "true". So readers know what the base was as a whole.
 */

struct profile;
struct query_budget;

#define PROFILE_BASE_LABEL "pprof::base"

/*
 * Neither profile has moments; @budget may be NULL. Returns 0 and sets *@ret_diff (owned by the
 * caller), with the range of @profile, -EDQUOT if the budget is used up, or -ENOMEM.
 */
int profile_diff(const struct profile *base, const struct profile *profile,
		 struct query_budget *budget, struct profile **ret_diff);
