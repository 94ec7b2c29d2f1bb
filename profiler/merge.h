/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Merge: the samples of a snapshot, added up by thread and stack.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"

struct snapshot;

struct merge_group {
	uint32_t thread; /* indices of the dictionary */
	uint32_t stack;
	uint64_t count;
	uint64_t value;
};

/* Of one dictionary. */
struct merge_part {
	struct merge_group *groups;
	size_t n_groups;
	size_t group_capacity;
	struct pair_map group_index;
};

struct merge {
	struct merge_part *parts; /* one for each of the snapshot's dictionaries */
	size_t n_parts;
};

/* Add @added to the group of its thread and stack. Returns 0 or -ENOMEM. */
int merge_part_add(struct merge_part *part, const struct merge_group *added);

/*
 * Add up the samples at @start_unix_ns or later and before @end_unix_ns.
 *
 * Returns 0 and initialises *@ret_merge, or -ENOMEM.
 */
int merge_init(const struct snapshot *snapshot, int64_t start_unix_ns, int64_t end_unix_ns,
	       struct merge *ret_merge);

/* Works on a zeroed struct. */
void merge_fini(struct merge *merge);
