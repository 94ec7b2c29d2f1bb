/* SPDX-License-Identifier: Apache-2.0 */
#include "export/call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/query_budget.h"

#define REFUSED UINT32_MAX /* the leaf of a stack that does not begin as it should */

/* What a profile's numbers are in the tree; 0: not looked up yet. */
struct translation {
	uint32_t *names;  /* by function: string of the tree */
	uint32_t *leaves; /* by stack: node, plus 1 */
};

static void translation_fini(struct translation *translation)
{
	free(translation->names);
	free(translation->leaves);
}

int call_tree_init(struct call_tree *tree)
{
	int r;

	r = string_table_new(&tree->names);
	if (r < 0)
		return r;
	r = array_reserve((void **)&tree->nodes, &tree->capacity, 1, sizeof(*tree->nodes));
	if (r < 0)
		return r;
	tree->nodes[0] = (struct call_node){ 0 };
	tree->n_nodes = 1;
	return 0;
}

void call_tree_fini(struct call_tree *tree)
{
	string_table_free(tree->names);
	pair_map_fini(&tree->numbers);
	free(tree->nodes);
	*tree = (struct call_tree){ 0 };
}

/* The node of the function @name that @caller calls. */
static int find_node(struct call_tree *tree, uint32_t caller, uint32_t name, uint32_t *ret_node)
{
	const struct pair_key key = { caller, name };
	int r;

	if (tree->n_nodes >= REFUSED - 1)
		return -ENOMEM;
	r = array_reserve((void **)&tree->nodes, &tree->capacity, tree->n_nodes + 1,
			  sizeof(*tree->nodes));
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&tree->numbers, key, (uint32_t)tree->n_nodes, ret_node);
	if (r == 1)
		tree->nodes[tree->n_nodes++] = (struct call_node){ .name = name, .caller = caller };
	return r < 0 ? r : 0;
}

/* The way down from the root, along a stack. */
struct descent {
	struct call_tree *tree;
	struct translation *translation;
	const struct profile *profile;
	size_t depth;
	uint32_t node; /* or REFUSED */
};

static const char *function_name(const struct profile *profile, uint32_t function)
{
	uint32_t name = profile->functions[function].name;

	return name ? string_table_get(profile->strings, name) : "[unknown]";
}

/* Go from a caller to the function that it calls. */
static int descend(struct descent *descent, uint32_t function)
{
	struct call_tree *tree = descent->tree;
	const char *text = function_name(descent->profile, function);
	uint32_t *name = &descent->translation->names[function];
	size_t depth = descent->depth++;
	int r = 0;

	if (depth < tree->n_first_names && strcmp(text, tree->first_names[depth]) != 0) {
		descent->node = REFUSED;
		return 0;
	}
	if (!*name)
		r = string_table_add(tree->names, text, name);
	return r < 0 ? r : find_node(tree, descent->node, *name, &descent->node);
}

/* Go to the innermost function at a location. */
static int descend_location(struct descent *descent, const struct profile_location *location)
{
	const struct profile_line *lines = &descent->profile->lines[location->first_line];
	int r = 0;

	for (uint32_t i = location->n_lines; r == 0 && descent->node != REFUSED && i--;)
		r = descend(descent, lines[i].function);
	return r;
}

/* Find out, once, where a stack ends. */
static int find_leaf(struct call_tree *tree, struct translation *translation,
		     const struct profile *profile, uint32_t stack_i)
{
	const struct profile_stack *stack = &profile->stacks[stack_i];
	const uint32_t *frames = &profile->frames[stack->first_frame];
	struct descent descent = { tree, translation, profile, 0, 0 };
	int r = 0;

	if (translation->leaves[stack_i])
		return 0;
	for (uint32_t i = stack->n_frames; r == 0 && descent.node != REFUSED && i--;)
		r = descend_location(&descent, &profile->locations[frames[i]]);
	if (descent.depth < tree->n_first_names)
		descent.node = REFUSED;
	translation->leaves[stack_i] = descent.node == REFUSED ? REFUSED : descent.node + 1;
	return r;
}

static size_t tree_bytes(const struct call_tree *tree)
{
	return tree->capacity * sizeof(*tree->nodes) + pair_map_bytes(&tree->numbers) +
	       string_table_bytes(tree->names);
}

int call_tree_add(struct call_tree *tree, size_t side, const struct profile *profile,
		  enum profile_weight weight)
{
	_cleanup_(translation_fini) struct translation translation = {
		.names = calloc(profile->n_functions + 1, sizeof(uint32_t)),
		.leaves = calloc(profile->n_stacks + 1, sizeof(uint32_t)),
	};
	int r = translation.names && translation.leaves ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		uint64_t added = weight == PROFILE_COUNT ? sample->count : sample->value;
		uint32_t leaf;

		if (!added)
			continue;
		r = find_leaf(tree, &translation, profile, sample->stack);
		if (r == 0)
			r = query_budget_ask(tree->budget, tree_bytes(tree));
		leaf = translation.leaves[sample->stack];
		if (r == 0 && leaf != REFUSED)
			tree->nodes[leaf - 1].self[side] += (int64_t)added;
	}
	return r;
}

void call_tree_sum_up(struct call_tree *tree)
{
	for (size_t i = tree->n_nodes; i--;) {
		struct call_node *node = &tree->nodes[i];

		for (size_t side = 0; side < CALL_TREE_SIDES; side++) {
			node->total[side] += node->self[side];
			if (i)
				tree->nodes[node->caller].total[side] += node->total[side];
		}
	}
}
