/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile group: a profile whose samples have some labels, and not the others; so those that differ
 * in nothing else are added up.
 */

#include <stddef.h>

struct profile;

/*
 * Make @profile with the labels of the @n_names @names alone.
 *
 * Returns 0 and sets *@ret_profile (owned by the caller), or -ENOMEM.
 */
int profile_group(const struct profile *profile, const char *const *names, size_t n_names,
		  struct profile **ret_profile);
