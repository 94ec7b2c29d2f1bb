/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile group: a profile whose samples have some labels, and not the others; so those that differ
 * in nothing else are added up.
 */

#include <stddef.h>

struct profile;
struct query_budget;

/*
 * Make @profile with the labels of the @n_names @names alone. @budget may be NULL.
 *
 * Returns 0 and sets *@ret_profile (owned by the caller), -EDQUOT if the budget is used up, or
 * -ENOMEM.
 */
int profile_group(const struct profile *profile, const char *const *names, size_t n_names,
		  struct query_budget *budget, struct profile **ret_profile);
