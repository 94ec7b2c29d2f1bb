/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile top: the functions in which a profile's time went, by name.
 *
 * Inlined functions count as functions of their own, as in pprof. Self is what was sampled in the
 * function itself, total what was sampled in it or in what it called; a stack through which it goes
 * several times counts once.
 */

#include <stddef.h>
#include <stdint.h>

struct profile;

struct top_function {
	uint32_t name;     /* strings of the profile */
	uint32_t filename; /* source of one function of this name that has one, or 0 */
	uint32_t mapping;  /* where one lies: file of its mapping, or 0 */
	uint64_t self_count, total_count;
	uint64_t self_value, total_value;
};

struct profile_top {
	struct top_function *functions; /* those with most first */
	size_t n_functions;
	uint64_t count, value; /* of all samples */
};

enum top_order { TOP_BY_SELF, TOP_BY_TOTAL }; /* of values; then by the other; then by name */

/* Returns 0 and initialises *@ret_top, or -ENOMEM. */
int profile_top_init(const struct profile *profile, enum top_order order,
		     struct profile_top *ret_top);

/* Works on a zeroed struct. */
void profile_top_fini(struct profile_top *top);
