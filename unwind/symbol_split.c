/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_split.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "unwind/symbol_function.h"

/*
 * Rows and inlined functions of a piece: less would be no faster, and take more room: each piece
 * repeats what is inlined across its borders.
 */
#define PIECE_ITEMS    128
#define PIECE_MIN_ROWS 16

/* The row where the later half starts, or 0 if @function stays whole. */
static size_t choose_cut(const struct symbol_function *function)
{
	const struct symbol_row *rows = function->rows;
	size_t cut = function->n_rows / 2;

	if (cut < PIECE_MIN_ROWS || function->n_rows + function->n_inlines <= PIECE_ITEMS)
		return 0;
	while (cut && rows[cut - 1].elf_vaddr == rows[cut].elf_vaddr)
		cut--;
	if (rows[cut].elf_vaddr >= function->range.end_vaddr)
		return 0;
	return cut;
}

/* What of @node lies in @range, its ranges in @ret_ranges. Returns how many they are. */
static uint32_t cut_ranges(const struct symbol_inline *node, struct symbol_range range,
			   struct symbol_range *ret_ranges)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < node->n_ranges; i++) {
		struct symbol_range kept = node->ranges[i];

		if (kept.start_vaddr < range.start_vaddr)
			kept.start_vaddr = range.start_vaddr;
		if (kept.end_vaddr > range.end_vaddr)
			kept.end_vaddr = range.end_vaddr;
		if (kept.start_vaddr < kept.end_vaddr)
			ret_ranges[n++] = kept;
	}
	return n;
}

/* Children lie inside of their parents, so they go with them. */
static void cut_inlines(const struct symbol_function *function, struct symbol_function *piece,
			struct symbol_inline *nodes, struct symbol_range *ranges)
{
	piece->inlines = nodes;
	piece->n_inlines = 0;
	for (size_t i = 0; i < function->n_inlines; i++) {
		struct symbol_inline *node = &nodes[piece->n_inlines];

		*node = function->inlines[i];
		node->n_ranges = cut_ranges(&function->inlines[i], piece->range, ranges);
		node->ranges = ranges;
		ranges += node->n_ranges;
		piece->n_inlines += node->n_ranges > 0;
	}
}

int symbol_function_split(const struct symbol_function *function, symbol_piece_fn on_piece,
			  void *userdata)
{
	struct symbol_function before = *function, behind = *function;
	_cleanup_(freep) struct symbol_inline *nodes = NULL;
	_cleanup_(freep) struct symbol_range *ranges = NULL;
	size_t cut = choose_cut(function), n_ranges = 0;
	int r;

	if (!cut)
		return on_piece(function, userdata);
	for (size_t i = 0; i < function->n_inlines; i++)
		n_ranges += function->inlines[i].n_ranges;
	nodes = calloc(function->n_inlines + 1, sizeof(*nodes));
	ranges = calloc(n_ranges + 1, sizeof(*ranges));
	if (!nodes || !ranges)
		return -ENOMEM;
	before.n_rows = cut;
	before.range.end_vaddr = function->rows[cut].elf_vaddr;
	cut_inlines(function, &before, nodes, ranges);
	r = symbol_function_split(&before, on_piece, userdata);
	if (r < 0)
		return r;
	behind.rows += cut;
	behind.n_rows -= cut;
	behind.range.start_vaddr = before.range.end_vaddr;
	if (!behind.start_line)
		behind.start_line = function->rows[0].line;
	cut_inlines(function, &behind, nodes, ranges);
	return symbol_function_split(&behind, on_piece, userdata);
}
