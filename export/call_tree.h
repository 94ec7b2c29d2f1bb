/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Call tree: the stacks of one profile, or of two that are compared, merged by the names of their
 * functions and nothing else.
 *
 * A node's number is higher than its caller's; that of the root, which is no function, is 0.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"
#include "profiler/profile.h"

struct query_budget;
struct string_table;

#define CALL_TREE_SIDES 2

struct call_node {
	uint32_t name; /* string; 0 of the root */
	uint32_t caller;
	int64_t total[CALL_TREE_SIDES]; /* by side: 0 is the left one, or the only one */
	int64_t self[CALL_TREE_SIDES];
};

/* Zeroed before call_tree_init(). */
struct call_tree {
	struct string_table *names;
	struct call_node *nodes;
	size_t n_nodes;
	size_t capacity;
	struct pair_map numbers; /* caller, name → node */
	char *const
		*first_names; /* only stacks that begin with these, the root's first; borrowed */
	size_t n_first_names;
	struct query_budget *budget; /* or NULL: no limits; borrowed */
};

/* Returns 0, or -ENOMEM. The tree has a root. */
int call_tree_init(struct call_tree *tree);

/* Works on a zeroed struct. */
void call_tree_fini(struct call_tree *tree);

/* Add the samples of @profile on @side. Returns 0, -EDQUOT if the budget is used up, or -ENOMEM. */
int call_tree_add(struct call_tree *tree, size_t side, const struct profile *profile,
		  enum profile_weight weight);

/* All samples are added: find the totals. */
void call_tree_sum_up(struct call_tree *tree);
