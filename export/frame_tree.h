/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Frame tree: a profile's samples as one tree of calls, merged by name.
 *
 *     everything ─┬─ process ─┬─ function ── inlined function
 *                 │           └─ function ── …
 *                 └─ process …
 *
 * Nodes lie in preorder, so that a walk over the array is a walk of the tree; siblings are sorted
 * by name. What is the same by name and kind, in the same place, is one node, whatever its address
 * and the thread it ran in.
 */

#include <stddef.h>
#include <stdint.h>

struct profile;

enum frame_node_kind {
	FRAME_NODE_ALL, /* the first node, and only that one */
	FRAME_NODE_PROCESS,
	FRAME_NODE_NATIVE,
	FRAME_NODE_INLINED,
	FRAME_NODE_KERNEL, /* inlined ones as well */
	FRAME_NODE_CUT,    /* where callers are lost */
	FRAME_NODE_JIT,
	FRAME_NODE_KIND_COUNT,
};

struct frame_node {
	const char *name; /* borrowed from the profile; may hold any bytes, but is never empty */
	enum frame_node_kind kind;
	uint32_t depth; /* of the first node: 0 */
	uint64_t
		start; /* samples to the left: in nodes before this one that are no callers of it */
	uint64_t count; /* samples in this node and what it calls */
	uint64_t self;  /* samples that end here */
};

struct frame_tree {
	struct frame_node *nodes;
	size_t n_nodes; /* ≥ 1 */
	uint32_t max_depth;
};

/* Returns 0 and sets *@ret_tree (owned by the caller; borrows from @profile), or -ENOMEM. */
int frame_tree_new(const struct profile *profile, struct frame_tree **ret_tree);

/* Accepts NULL. Always returns NULL. */
struct frame_tree *frame_tree_free(struct frame_tree *tree);
