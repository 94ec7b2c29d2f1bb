/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_inlines.h"

#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_lines.h"
#include "unwind/dwarf_name.h"
#include "unwind/dwarf_unit.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_frame.h"

int dwarf_pending_push(struct dwarf_pending *pending, uint64_t info_off)
{
	int r = array_reserve((void **)&pending->offsets, &pending->capacity, pending->n + 1,
			      sizeof(*pending->offsets));

	if (r == 0)
		pending->offsets[pending->n++] = info_off;
	return r;
}

/* Add a node, whose ranges were added from @first_range on. */
static int add_node(struct dwarf_inlines *inlines, struct symbol_inline node, size_t first_range)
{
	int r = array_reserve((void **)&inlines->nodes, &inlines->nodes_capacity,
			      inlines->n_nodes + 1, sizeof(*inlines->nodes));

	if (r == 0)
		r = array_reserve((void **)&inlines->first_range, &inlines->first_range_capacity,
				  inlines->n_nodes + 1, sizeof(*inlines->first_range));
	if (r < 0)
		return r;
	node.n_ranges = (uint32_t)(inlines->ranges.n - first_range);
	inlines->first_range[inlines->n_nodes] = first_range;
	inlines->nodes[inlines->n_nodes++] = node;
	return 0;
}

static int read_call(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		     const struct dwarf_entry *entry, struct symbol_inline *node)
{
	const struct dwarf_value *line = dwarf_entry_value(entry, DWARF_CALL_LINE);
	const struct dwarf_value *file = dwarf_entry_value(entry, DWARF_CALL_FILE);

	if (line && line->number <= UINT32_MAX)
		node->call_line = (uint32_t)line->number;
	return file ? dwarf_lines_file(conversion, lines, file->number, &node->call_file) : 0;
}

/* Read the node of one inlined subroutine. Sets *@ret_depth to the depth of what is in it. */
static int read_node(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		     struct dwarf_cursor *cursor, struct dwarf_inlines *inlines,
		     uint32_t *ret_depth)
{
	struct symbol_inline node = { .depth = *ret_depth + 1 };
	size_t first_range = inlines->ranges.n;
	struct dwarf_entry entry;
	int r;

	dwarf_cursor_read(cursor, &entry);
	r = dwarf_ranges_read(conversion->unit, &entry, &inlines->ranges);
	if (r < 0 || inlines->ranges.n == first_range)
		return r;
	r = dwarf_name_of_function(conversion, &entry, &node.name);
	if (r == 0 && !node.name) {
		inlines->ranges.n = first_range;
		conversion->report->losses[SYMBOL_LOSS_NAME]++;
	}
	if (r < 0 || !node.name)
		return r;
	*ret_depth = node.depth;
	r = read_call(conversion, lines, &entry, &node);
	return r < 0 ? r : add_node(inlines, node, first_range);
}

/* What the entries are in that the walk is in. */
enum place {
	IN_FUNCTION,
	IN_TYPE,    /* local classes, lambdas: their functions are not inlined here */
	IN_ANOTHER, /* a nested function, which is read on its own */
};

struct dwarf_level {
	uint32_t entry_depth;
	uint32_t inline_depth;
	enum place place;
};

/* The level of what is next to the entry at hand. */
static struct dwarf_level level_at(struct dwarf_inlines *inlines, const struct dwarf_cursor *cursor)
{
	while (inlines->n_levels &&
	       inlines->levels[inlines->n_levels - 1].entry_depth >= cursor->depth)
		inlines->n_levels--;
	return inlines->n_levels ? inlines->levels[inlines->n_levels - 1]
				 : (struct dwarf_level){ .place = IN_FUNCTION };
}

static int push_level(struct dwarf_inlines *inlines, const struct dwarf_level *level)
{
	int r = array_reserve((void **)&inlines->levels, &inlines->levels_capacity,
			      inlines->n_levels + 1, sizeof(*inlines->levels));

	if (r == 0)
		inlines->levels[inlines->n_levels++] = *level;
	return r;
}

/* Read or skip the entry at hand, and change @level to that of what is in it. */
static int visit(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		 struct dwarf_cursor *cursor, struct dwarf_inlines *inlines,
		 struct dwarf_level *level)
{
	enum dwarf_role role = (enum dwarf_role)cursor->abbrev->role;
	int r = 0;

	if (role == DWARF_ROLE_INLINED && level->place == IN_FUNCTION)
		return read_node(conversion, lines, cursor, inlines, &level->inline_depth);
	if (role == DWARF_ROLE_FUNCTION && level->place != IN_ANOTHER) {
		r = dwarf_pending_push(&inlines->nested,
				       dwarf_unit_info_off(conversion->unit, cursor));
		level->place = IN_ANOTHER;
	} else if (role == DWARF_ROLE_SCOPE && level->place == IN_FUNCTION) {
		level->place = IN_TYPE;
	}
	dwarf_cursor_skip(cursor);
	return r;
}

int dwarf_inlines_read(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		       struct dwarf_cursor *cursor, struct dwarf_inlines *inlines)
{
	struct dwarf_cursor inside = dwarf_cursor_enter(cursor);
	int r = 0;

	inlines->n_nodes = 0;
	inlines->ranges.n = 0;
	inlines->n_levels = 0;
	while (r == 0 && dwarf_cursor_next(&inside)) {
		struct dwarf_level level;

		/* Nearly all. */
		if (inside.abbrev->role == DWARF_ROLE_OTHER && !inside.abbrev->has_children) {
			dwarf_cursor_skip(&inside);
			continue;
		}
		level = level_at(inlines, &inside);
		level.entry_depth = inside.depth;
		r = visit(conversion, lines, &inside, inlines, &level);
		if (r == 0 && inside.abbrev->has_children)
			r = push_level(inlines, &level);
	}
	dwarf_cursor_leave(cursor, &inside);
	return r;
}

void dwarf_inlines_fini(struct dwarf_inlines *inlines)
{
	free(inlines->nodes);
	free(inlines->first_range);
	free(inlines->levels);
	free(inlines->nested.offsets);
	dwarf_ranges_fini(&inlines->ranges);
	*inlines = (struct dwarf_inlines){ 0 };
}

static int compare_ranges(const void *a, const void *b)
{
	const struct symbol_range *left = a, *right = b;

	return (left->start_vaddr > right->start_vaddr) - (left->start_vaddr < right->start_vaddr);
}

/* Add the ranges of node @i that lie in @bounds, which become those that hold all of them. */
static int cut_ranges(const struct dwarf_inlines *inlines, size_t i, struct symbol_range *bounds,
		      struct dwarf_inlines *cut)
{
	const struct symbol_range *ranges = &inlines->ranges.ranges[inlines->first_range[i]];
	size_t first = cut->ranges.n, n;
	int r = 0;

	for (uint32_t k = 0; r == 0 && k < inlines->nodes[i].n_ranges; k++) {
		struct symbol_range range = ranges[k];

		if (range.start_vaddr < bounds->start_vaddr)
			range.start_vaddr = bounds->start_vaddr;
		if (range.end_vaddr > bounds->end_vaddr)
			range.end_vaddr = bounds->end_vaddr;
		r = dwarf_ranges_add(&cut->ranges, range.start_vaddr, range.end_vaddr);
	}
	n = cut->ranges.n - first;
	if (n > 1)
		qsort(&cut->ranges.ranges[first], n, sizeof(*cut->ranges.ranges), compare_ranges);
	for (size_t k = 0; k < n; k++) {
		if (k == 0)
			*bounds = cut->ranges.ranges[first];
		if (cut->ranges.ranges[first + k].end_vaddr > bounds->end_vaddr)
			bounds->end_vaddr = cut->ranges.ranges[first + k].end_vaddr;
	}
	return r;
}

int dwarf_inlines_cut(const struct dwarf_inlines *inlines, struct symbol_range range,
		      struct dwarf_inlines *ret_cut)
{
	struct symbol_range bounds[SYMBOL_MAX_INLINE] = { range };
	uint32_t max_depth = 1; /* of the next node: its parent must be there */
	int r = 0;

	ret_cut->n_nodes = 0;
	ret_cut->ranges.n = 0;
	for (size_t i = 0; r == 0 && i < inlines->n_nodes; i++) {
		const struct symbol_inline *node = &inlines->nodes[i];
		size_t first_range = ret_cut->ranges.n;

		if (node->depth > max_depth)
			continue;
		bounds[node->depth] = bounds[node->depth - 1];
		r = cut_ranges(inlines, i, &bounds[node->depth], ret_cut);
		max_depth = ret_cut->ranges.n == first_range      ? node->depth
			    : node->depth + 1 < SYMBOL_MAX_INLINE ? node->depth + 1
								  : node->depth;
		if (r == 0 && ret_cut->ranges.n > first_range)
			r = add_node(ret_cut, *node, first_range);
	}
	/* Only now they stay where they are. */
	for (size_t i = 0; i < ret_cut->n_nodes; i++)
		ret_cut->nodes[i].ranges = &ret_cut->ranges.ranges[ret_cut->first_range[i]];
	return r;
}
