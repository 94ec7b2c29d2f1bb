/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_inlines.h"

#include <dwarf.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_name.h"
#include "unwind/symbol_frame.h"

int dwarf_die_stack_push(struct dwarf_die_stack *stack, const struct dwarf_pending_die *pending)
{
	int r = array_reserve((void **)&stack->pending, &stack->capacity, stack->n + 1,
			      sizeof(*stack->pending));

	if (r == 0)
		stack->pending[stack->n++] = *pending;
	return r;
}

struct dwarf_pending_die dwarf_die_stack_pop(struct dwarf_die_stack *stack)
{
	struct dwarf_pending_die *last = &stack->pending[--stack->n];

	dwarf_tag(
		&last->die); /* libdw remembers in the entry how it looked it up: for its copies */
	return *last;
}

bool dwarf_die_next(Dwarf_Die *die)
{
	Dwarf_Die next;

	/* A sibling attribute may point anywhere; forward is the way that ends. */
	if (dwarf_siblingof(die, &next) != 0 || next.cu != die->cu || next.addr <= die->addr)
		return false;
	*die = next;
	return true;
}

static int add_range(struct dwarf_inlines *inlines, const struct symbol_range *range)
{
	int r = array_reserve((void **)&inlines->ranges, &inlines->ranges_capacity,
			      inlines->n_ranges + 1, sizeof(*inlines->ranges));

	if (r == 0)
		inlines->ranges[inlines->n_ranges++] = *range;
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
	node.n_ranges = (uint32_t)(inlines->n_ranges - first_range);
	inlines->first_range[inlines->n_nodes] = first_range;
	inlines->nodes[inlines->n_nodes++] = node;
	return 0;
}

static int read_ranges(Dwarf_Die *die, struct dwarf_inlines *inlines)
{
	struct symbol_range range;
	ptrdiff_t offset = 0;
	Dwarf_Addr base;
	int r = 0;

	while (r == 0 && (offset = dwarf_ranges(die, offset, &base, &range.start_vaddr,
						&range.end_vaddr)) > 0)
		if (range.start_vaddr < range.end_vaddr)
			r = add_range(inlines, &range);
	return r;
}

static int read_call(struct dwarf_conversion *conversion, Dwarf_Die *die,
		     struct symbol_inline *node)
{
	Dwarf_Word line = 0, file_i = 0;
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Die unit;
	size_t n_files;

	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) == 0 &&
	    line <= UINT32_MAX)
		node->call_line = (uint32_t)line;
	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file_i) != 0 ||
	    !dwarf_diecu(die, &unit, NULL, NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &n_files) != 0 || file_i >= n_files)
		return 0;
	return dwarf_name_of_file(conversion, dwarf_filesrc(files, file_i, NULL, NULL),
				  &node->call_file);
}

/* Add the node of one inlined subroutine. Sets *@ret_depth to the depth of what is in it. */
static int read_node(struct dwarf_conversion *conversion, struct dwarf_pending_die *pending,
		     struct dwarf_inlines *inlines, uint32_t *ret_depth)
{
	struct symbol_inline node = { .depth = pending->depth + 1 };
	size_t first_range = inlines->n_ranges;
	int r = dwarf_name_of_function(conversion, &pending->die, &node.name);

	if (r == 0 && node.name)
		r = read_ranges(&pending->die, inlines);
	if (r < 0 || inlines->n_ranges == first_range) {
		*ret_depth = pending->depth;
		return r;
	}
	*ret_depth = node.depth;
	r = read_call(conversion, &pending->die, &node);
	return r < 0 ? r : add_node(inlines, node, first_range);
}

static int visit(struct dwarf_conversion *conversion, struct dwarf_pending_die *pending,
		 struct dwarf_inlines *inlines, struct dwarf_die_stack *stack,
		 struct dwarf_die_stack *ret_nested)
{
	struct dwarf_pending_die inside = { .depth = pending->depth };
	int r;

	switch (dwarf_tag(&pending->die)) {
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		/* A local class, a lambda: its functions are not inlined here. */
		if (dwarf_child(&pending->die, &inside.die) != 0)
			return 0;
		return dwarf_die_stack_push(ret_nested, &inside);
	case DW_TAG_subprogram:
		return dwarf_die_stack_push(
			ret_nested,
			&(struct dwarf_pending_die){ .die = pending->die, .is_alone = true });
	case DW_TAG_inlined_subroutine:
		r = read_node(conversion, pending, inlines, &inside.depth);
		if (r < 0)
			return r;
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		break;
	default:
		return 0;
	}
	if (dwarf_child(&pending->die, &inside.die) != 0)
		return 0;
	return dwarf_die_stack_push(stack, &inside);
}

int dwarf_inlines_read(struct dwarf_conversion *conversion, Dwarf_Die *function,
		       struct dwarf_inlines *inlines, struct dwarf_die_stack *ret_nested)
{
	struct dwarf_die_stack stack = { 0 };
	struct dwarf_pending_die pending = { 0 };
	int r;

	inlines->n_nodes = 0;
	inlines->n_ranges = 0;
	if (dwarf_child(function, &pending.die) != 0)
		return 0;
	r = dwarf_die_stack_push(&stack, &pending);
	while (r == 0 && stack.n) {
		pending = dwarf_die_stack_pop(&stack);
		struct dwarf_pending_die next = pending;

		/* Its siblings come after all that is in it: the order of the tree. */
		if (dwarf_die_next(&next.die))
			r = dwarf_die_stack_push(&stack, &next);
		if (r == 0)
			r = visit(conversion, &pending, inlines, &stack, ret_nested);
	}
	free(stack.pending);
	return r;
}

void dwarf_inlines_fini(struct dwarf_inlines *inlines)
{
	free(inlines->nodes);
	free(inlines->first_range);
	free(inlines->ranges);
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
	const struct symbol_range *ranges = &inlines->ranges[inlines->first_range[i]];
	size_t first = cut->n_ranges, n;
	int r = 0;

	for (uint32_t k = 0; r == 0 && k < inlines->nodes[i].n_ranges; k++) {
		struct symbol_range range = ranges[k];

		if (range.start_vaddr < bounds->start_vaddr)
			range.start_vaddr = bounds->start_vaddr;
		if (range.end_vaddr > bounds->end_vaddr)
			range.end_vaddr = bounds->end_vaddr;
		if (range.start_vaddr < range.end_vaddr)
			r = add_range(cut, &range);
	}
	n = cut->n_ranges - first;
	if (n > 1)
		qsort(&cut->ranges[first], n, sizeof(*cut->ranges), compare_ranges);
	for (size_t k = 0; k < n; k++) {
		if (k == 0)
			*bounds = cut->ranges[first];
		if (cut->ranges[first + k].end_vaddr > bounds->end_vaddr)
			bounds->end_vaddr = cut->ranges[first + k].end_vaddr;
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
	ret_cut->n_ranges = 0;
	for (size_t i = 0; r == 0 && i < inlines->n_nodes; i++) {
		const struct symbol_inline *node = &inlines->nodes[i];
		size_t first_range = ret_cut->n_ranges;

		if (node->depth > max_depth)
			continue;
		bounds[node->depth] = bounds[node->depth - 1];
		r = cut_ranges(inlines, i, &bounds[node->depth], ret_cut);
		max_depth = ret_cut->n_ranges == first_range      ? node->depth
			    : node->depth + 1 < SYMBOL_MAX_INLINE ? node->depth + 1
								  : node->depth;
		if (r == 0 && ret_cut->n_ranges > first_range)
			r = add_node(ret_cut, *node, first_range);
	}
	/* Only now they stay where they are. */
	for (size_t i = 0; i < ret_cut->n_nodes; i++)
		ret_cut->nodes[i].ranges = &ret_cut->ranges[ret_cut->first_range[i]];
	return r;
}
