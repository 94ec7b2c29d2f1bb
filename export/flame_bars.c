/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Level by level: the bars of one are the callees of those of the level before it, in its order.
 */
#include "export/flame_bars.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "export/call_tree.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"

#define NO_NODE UINT32_MAX /* of a bar that stands for several */

struct bar {
	uint32_t node;
	uint32_t name; /* index among the names */
	int64_t start[CALL_TREE_SIDES];
	int64_t total[CALL_TREE_SIDES];
	int64_t self[CALL_TREE_SIDES];
};

struct row {
	struct bar *bars;
	size_t n_bars, capacity;
};

struct drawing {
	const struct call_tree *tree;
	size_t n_sides;
	bool *is_kept;          /* by node */
	uint32_t *callees;      /* nodes, sorted by caller, then by name */
	uint32_t *first_callee; /* by node: index of those; the next node's is the end */
	uint32_t *numbers;      /* by string: index among the names; 0: not yet */
	uint32_t other;         /* index of that name, or 0 */
	struct row rows[2];     /* this level and the next */
	struct flame_bars bars;
	size_t value_capacity, level_capacity, name_capacity;
};

static void drawing_fini(struct drawing *drawing)
{
	free(drawing->is_kept);
	free(drawing->callees);
	free(drawing->first_callee);
	free(drawing->numbers);
	free(drawing->rows[0].bars);
	free(drawing->rows[1].bars);
	flame_bars_fini(&drawing->bars);
}

static const char *name_of(const struct call_tree *tree, uint32_t node)
{
	return string_table_get(tree->names, tree->nodes[node].name);
}

static int by_caller_and_name(const void *left, const void *right, void *tree)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_node *nodes = ((const struct call_tree *)tree)->nodes;

	if (nodes[a].caller != nodes[b].caller)
		return nodes[a].caller < nodes[b].caller ? -1 : 1;
	return strcmp(name_of(tree, a), name_of(tree, b));
}

/* The largest first; of equal ones the caller before its callees. */
static int by_size(const void *left, const void *right, void *tree)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_node *nodes = ((const struct call_tree *)tree)->nodes;
	int64_t a_size = nodes[a].total[0] + nodes[a].total[1];
	int64_t b_size = nodes[b].total[0] + nodes[b].total[1];

	if (a_size != b_size)
		return a_size > b_size ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* A node that stays has a caller that does. */
static void keep_largest(struct drawing *drawing, size_t max_bars)
{
	size_t n_callees = drawing->tree->n_nodes - 1;
	void *tree = (void *)(uintptr_t)drawing->tree; /* which is not changed */

	if (n_callees > max_bars)
		qsort_r(drawing->callees, n_callees, sizeof(uint32_t), by_size, tree);
	for (size_t i = 0; i < n_callees && i < max_bars; i++)
		drawing->is_kept[drawing->callees[i]] = true;
	qsort_r(drawing->callees, n_callees, sizeof(uint32_t), by_caller_and_name, tree);
}

static void index_callees(struct drawing *drawing)
{
	const struct call_tree *tree = drawing->tree;
	uint32_t i = 0;

	for (uint32_t node = 0; node < tree->n_nodes; node++) {
		drawing->first_callee[node] = i;
		while (i < tree->n_nodes - 1 && tree->nodes[drawing->callees[i]].caller == node)
			i++;
	}
	drawing->first_callee[tree->n_nodes] = i;
}

static int drawing_init(struct drawing *drawing, size_t max_bars)
{
	size_t n_nodes = drawing->tree->n_nodes;

	drawing->is_kept = calloc(n_nodes, sizeof(*drawing->is_kept));
	drawing->callees = calloc(n_nodes, sizeof(*drawing->callees));
	drawing->first_callee = calloc(n_nodes + 1, sizeof(*drawing->first_callee));
	drawing->numbers = calloc(string_table_count(drawing->tree->names), sizeof(uint32_t));
	if (!drawing->is_kept || !drawing->callees || !drawing->first_callee || !drawing->numbers)
		return -ENOMEM;
	for (uint32_t i = 1; i < n_nodes; i++)
		drawing->callees[i - 1] = i;
	keep_largest(drawing, max_bars);
	index_callees(drawing);
	return 0;
}

static int add_name(struct drawing *drawing, const char *name, uint32_t *ret_number)
{
	struct flame_bars *bars = &drawing->bars;
	int r;

	r = array_reserve((void **)&bars->names, &drawing->name_capacity, bars->n_names + 1,
			  sizeof(*bars->names));
	if (r < 0)
		return r;
	*ret_number = (uint32_t)bars->n_names;
	bars->names[bars->n_names++] = (char *)(uintptr_t)name;
	return 0;
}

static int find_name(struct drawing *drawing, uint32_t node, uint32_t *ret_number)
{
	uint32_t *number = &drawing->other;
	const char *name = "other";
	int r = 0;

	if (node != NO_NODE) {
		number = &drawing->numbers[drawing->tree->nodes[node].name];
		name = name_of(drawing->tree, node);
	}
	if (!*number)
		r = add_name(drawing, name, number);
	*ret_number = *number;
	return r;
}

static int add_bar(struct drawing *drawing, struct row *row, struct bar bar)
{
	int r;

	r = array_reserve((void **)&row->bars, &row->capacity, row->n_bars + 1, sizeof(*row->bars));
	if (r == 0)
		r = find_name(drawing, bar.node, &bar.name);
	if (r == 0)
		row->bars[row->n_bars++] = bar;
	return r;
}

static void add_sides(int64_t *sum, const int64_t *added)
{
	for (size_t side = 0; side < CALL_TREE_SIDES; side++)
		sum[side] += added[side];
}

static struct bar bar_of(const struct call_node *node, uint32_t number, const int64_t *start)
{
	return (struct bar){
		.node = number,
		.start = { start[0], start[1] },
		.total = { node->total[0], node->total[1] },
		.self = { node->self[0], node->self[1] },
	};
}

/* Add the bars of what @bar calls to the next level. */
static int add_callees(struct drawing *drawing, const struct bar *bar, struct row *next)
{
	struct bar other = { .node = NO_NODE };
	int64_t start[CALL_TREE_SIDES] = { bar->start[0], bar->start[1] };
	int r = 0;

	for (uint32_t i = drawing->first_callee[bar->node];
	     r == 0 && i < drawing->first_callee[bar->node + 1]; i++) {
		uint32_t number = drawing->callees[i];
		const struct call_node *node = &drawing->tree->nodes[number];

		if (drawing->is_kept[number]) {
			r = add_bar(drawing, next, bar_of(node, number, start));
			add_sides(start, node->total);
		} else {
			add_sides(other.total, node->total);
		}
	}
	if (r < 0 || !(other.total[0] + other.total[1]))
		return r;
	memcpy(other.start, start, sizeof(start));
	memcpy(other.self, other.total, sizeof(other.self));
	return add_bar(drawing, next, other);
}

static void write_bar(struct drawing *drawing, const struct bar *bar, int64_t *ends)
{
	struct flame_bars *bars = &drawing->bars;

	for (size_t side = 0; side < drawing->n_sides; side++) {
		bars->values[bars->n_values++] = bar->start[side] - ends[side];
		bars->values[bars->n_values++] = bar->total[side];
		bars->values[bars->n_values++] = bar->self[side];
		ends[side] = bar->start[side] + bar->total[side];
		if (bar->self[side] > bars->max_self)
			bars->max_self = bar->self[side];
	}
	bars->values[bars->n_values++] = bar->name;
}

static int write_level(struct drawing *drawing, const struct row *row)
{
	struct flame_bars *bars = &drawing->bars;
	struct flame_level level = { bars->n_values, row->n_bars * (3 * drawing->n_sides + 1) };
	int64_t ends[CALL_TREE_SIDES] = { 0 };
	int r;

	r = array_reserve((void **)&bars->values, &drawing->value_capacity,
			  bars->n_values + level.n_values, sizeof(*bars->values));
	if (r < 0)
		return r;
	r = array_reserve((void **)&bars->levels, &drawing->level_capacity, bars->n_levels + 1,
			  sizeof(*bars->levels));
	if (r < 0)
		return r;
	bars->levels[bars->n_levels++] = level;
	for (size_t i = 0; i < row->n_bars; i++)
		write_bar(drawing, &row->bars[i], ends);
	return 0;
}

/* Write the level of @row, and find the next one. */
static int draw_level(struct drawing *drawing, const struct row *row, struct row *next)
{
	int r;

	r = write_level(drawing, row);
	next->n_bars = 0;
	for (size_t i = 0; r == 0 && i < row->n_bars; i++) {
		if (row->bars[i].node != NO_NODE)
			r = add_callees(drawing, &row->bars[i], next);
	}
	return r;
}

static int add_root(struct drawing *drawing)
{
	static const int64_t start[CALL_TREE_SIDES];
	struct row *row = &drawing->rows[0];
	uint32_t name;
	int r;

	r = add_name(drawing, "total", &name);
	if (r < 0)
		return r;
	r = array_reserve((void **)&row->bars, &row->capacity, 1, sizeof(*row->bars));
	if (r < 0)
		return r;
	row->bars[row->n_bars++] = bar_of(&drawing->tree->nodes[0], 0, start);
	return 0;
}

int flame_bars_init(const struct call_tree *tree, size_t n_sides, size_t max_bars,
		    struct flame_bars *ret_bars)
{
	_cleanup_(drawing_fini) struct drawing drawing = { .tree = tree, .n_sides = n_sides };
	struct row *rows = drawing.rows;
	int r;

	r = drawing_init(&drawing, max_bars);
	if (r == 0)
		r = add_root(&drawing);
	for (size_t i = 0; r == 0 && rows[i % 2].n_bars; i++)
		r = draw_level(&drawing, &rows[i % 2], &rows[(i + 1) % 2]);
	if (r < 0)
		return r;
	*ret_bars = drawing.bars;
	drawing.bars = (struct flame_bars){ 0 };
	return 0;
}

void flame_bars_fini(struct flame_bars *bars)
{
	free(bars->names);
	free(bars->values);
	free(bars->levels);
	*bars = (struct flame_bars){ 0 };
}
