/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples are sorted by their paths from the root, and the tree is read off: what a path has in
 * common with the one before it is there already.
 */
#include "export/frame_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"

#define UNKNOWN_NAME "[unknown]"

/* One step of a path. Names are interned: the same pointer is the same name. */
struct step {
	const char *name;
	enum frame_node_kind kind;
};

/* Where the steps of a stack are, the root's first. */
struct path {
	size_t first_step;
	size_t n_steps;
};

/* A path below its process, and how many samples took it. */
struct trail {
	struct step process;
	const struct step *steps;
	size_t n_steps;
	uint64_t count;
};

struct builder {
	const struct profile *profile;
	struct step *steps;
	struct path *paths; /* by stack */
	struct trail *trails;
	size_t n_trails;
	struct frame_tree *tree;
	size_t node_capacity;
	size_t *open; /* by depth: the nodes from the first one to the last one added */
};

DEFINE_CLEANUP(struct frame_tree *, frame_tree_free)

static void builder_fini(struct builder *builder)
{
	free(builder->steps);
	free(builder->paths);
	free(builder->trails);
	free(builder->open);
}

static const char *name_of(const struct profile *profile, uint32_t string)
{
	return string ? string_table_get(profile->strings, string) : UNKNOWN_NAME;
}

static enum frame_node_kind kind_of(const struct profile_location *location, bool is_inlined)
{
	if (location->kind == FRAME_KERNEL)
		return FRAME_NODE_KERNEL;
	if (is_inlined)
		return FRAME_NODE_INLINED;
	if (location->kind == FRAME_CUT)
		return FRAME_NODE_CUT;
	return location->kind == FRAME_JIT ? FRAME_NODE_JIT : FRAME_NODE_NATIVE;
}

static size_t count_steps(const struct profile *profile)
{
	size_t n_steps = 0;

	for (size_t i = 0; i < profile->n_frames; i++)
		n_steps += profile->locations[profile->frames[i]].n_lines;
	return n_steps;
}

/* Append the functions at a location, the outermost first. Returns how many. */
static size_t add_steps(const struct profile *profile, const struct profile_location *location,
			struct step *steps)
{
	const struct profile_line *lines = &profile->lines[location->first_line];

	for (uint32_t i = 0; i < location->n_lines; i++) {
		uint32_t line = location->n_lines - 1 - i;
		const struct profile_function *function = &profile->functions[lines[line].function];

		steps[i].name = name_of(profile, function->name);
		steps[i].kind = kind_of(location, i > 0);
	}
	return location->n_lines;
}

static int add_paths(struct builder *builder)
{
	const struct profile *profile = builder->profile;
	size_t n_steps = 0;

	builder->steps = calloc(count_steps(profile) + 1, sizeof(*builder->steps));
	builder->paths = calloc(profile->n_stacks + 1, sizeof(*builder->paths));
	if (!builder->steps || !builder->paths)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_stacks; i++) {
		const struct profile_stack *stack = &profile->stacks[i];
		const uint32_t *frames = &profile->frames[stack->first_frame];

		builder->paths[i].first_step = n_steps;
		for (uint32_t k = stack->n_frames; k--;)
			n_steps += add_steps(profile, &profile->locations[frames[k]],
					     &builder->steps[n_steps]);
		builder->paths[i].n_steps = n_steps - builder->paths[i].first_step;
	}
	return 0;
}

/* The process, or, in a profile that is grouped by other labels, the first of these. */
static struct step process_of(const struct profile *profile, uint32_t label_set)
{
	const struct profile_label_set *set = &profile->label_sets[label_set];
	const char *name = profile_comm(profile, label_set);

	if (!*name && set->n_labels)
		name = string_table_get(profile->strings, profile->labels[set->first_label].value);
	return (struct step){ *name ? name : UNKNOWN_NAME, FRAME_NODE_PROCESS };
}

static int add_trails(struct builder *builder)
{
	const struct profile *profile = builder->profile;

	builder->trails = calloc(profile->n_samples + 1, sizeof(*builder->trails));
	if (!builder->trails)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const struct path *path = &builder->paths[sample->stack];

		if (!sample->count)
			continue;
		builder->trails[builder->n_trails++] = (struct trail){
			.process = process_of(profile, sample->label_set),
			.steps = &builder->steps[path->first_step],
			.n_steps = path->n_steps,
			.count = sample->count,
		};
	}
	return 0;
}

static int step_compare(const struct step *a, const struct step *b)
{
	int order = a->name == b->name ? 0 : strcmp(a->name, b->name);

	return order ? order : (int)a->kind - (int)b->kind;
}

/* A path that goes on comes before one that ends: what a node calls lies to the left of its own
 * samples. */
static int trail_compare(const void *left, const void *right)
{
	const struct trail *a = left, *b = right;
	int order = step_compare(&a->process, &b->process);

	for (size_t i = 0; !order && i < a->n_steps && i < b->n_steps; i++)
		order = step_compare(&a->steps[i], &b->steps[i]);
	if (order)
		return order;
	return (a->n_steps < b->n_steps) - (a->n_steps > b->n_steps);
}

static bool node_is(const struct frame_node *node, const struct step *step)
{
	return node->name == step->name && node->kind == step->kind;
}

static int add_node(struct builder *builder, const struct step *step, uint32_t depth,
		    uint64_t start)
{
	struct frame_tree *tree = builder->tree;
	int r = array_reserve((void **)&tree->nodes, &builder->node_capacity, tree->n_nodes + 1,
			      sizeof(*tree->nodes));

	if (r < 0)
		return r;
	builder->open[depth] = tree->n_nodes;
	tree->nodes[tree->n_nodes++] = (struct frame_node){
		.name = step->name,
		.kind = step->kind,
		.depth = depth,
		.start = start,
	};
	if (depth > tree->max_depth)
		tree->max_depth = depth;
	return 0;
}

/* Step @i of a trail: its process, then its functions. */
static const struct step *trail_step(const struct trail *trail, size_t i)
{
	return i ? &trail->steps[i - 1] : &trail->process;
}

/* Count a trail in, at @start. *@n_open is how many nodes of the path before it are open. */
static int add_trail(struct builder *builder, const struct trail *trail, uint64_t start,
		     size_t *n_open)
{
	struct frame_tree *tree = builder->tree;
	size_t depth = 1;

	while (depth < *n_open && depth <= trail->n_steps + 1 &&
	       node_is(&tree->nodes[builder->open[depth]], trail_step(trail, depth - 1)))
		depth++;
	for (; depth <= trail->n_steps + 1; depth++) {
		int r = add_node(builder, trail_step(trail, depth - 1), (uint32_t)depth, start);

		if (r < 0)
			return r;
	}
	*n_open = depth;
	for (size_t i = 0; i < depth; i++)
		tree->nodes[builder->open[i]].count += trail->count;
	tree->nodes[builder->open[depth - 1]].self += trail->count;
	return 0;
}

static int add_nodes(struct builder *builder)
{
	static const struct step all = { "all", FRAME_NODE_ALL };
	size_t max_steps = 0;
	size_t n_open = 1;
	int r;

	for (size_t i = 0; i < builder->n_trails; i++) {
		if (builder->trails[i].n_steps > max_steps)
			max_steps = builder->trails[i].n_steps;
	}
	builder->open = calloc(max_steps + 2, sizeof(*builder->open));
	if (!builder->open)
		return -ENOMEM;
	r = add_node(builder, &all, 0, 0);
	for (size_t i = 0; r == 0 && i < builder->n_trails; i++)
		r = add_trail(builder, &builder->trails[i], builder->tree->nodes[0].count, &n_open);
	return r;
}

int frame_tree_new(const struct profile *profile, struct frame_tree **ret_tree)
{
	_cleanup_(frame_tree_freep) struct frame_tree *tree = calloc(1, sizeof(*tree));
	_cleanup_(builder_fini) struct builder builder = { .profile = profile, .tree = tree };
	int r;

	if (!tree)
		return -ENOMEM;
	r = add_paths(&builder);
	if (r < 0)
		return r;
	r = add_trails(&builder);
	if (r < 0)
		return r;
	qsort(builder.trails, builder.n_trails, sizeof(*builder.trails), trail_compare);
	r = add_nodes(&builder);
	if (r < 0)
		return r;
	*ret_tree = steal(tree);
	return 0;
}

struct frame_tree *frame_tree_free(struct frame_tree *tree)
{
	if (!tree)
		return NULL;
	free(tree->nodes);
	free(tree);
	return NULL;
}
