/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_split.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "unwind/symbol_function.h"

/*
 * Rows and inlined functions of a piece: less would be no faster, and take more room: each piece
 * repeats what is inlined across its borders.
 */
#define PIECE_ITEMS    128
#define PIECE_MIN_ROWS 16

/* The first row that starts at @elf_vaddr or later. */
static size_t find_row(const struct symbol_function *function, uint64_t elf_vaddr)
{
	const struct symbol_row *first = function->rows;

	/* Without a branch that a processor would have to guess. */
	for (size_t n = function->n_rows; n > 1; n -= n / 2)
		first += first[n / 2 - 1].elf_vaddr < elf_vaddr ? n / 2 : 0;
	return (size_t)(first - function->rows) + (first->elf_vaddr < elf_vaddr);
}

/* How many inlined functions would be repeated, when cut at each row: as differences to the row
 * before, modulo 2^32. */
static void count_repeats(const struct symbol_function *function, uint32_t *ret_steps)
{
	for (size_t i = 0; i < function->n_inlines; i++) {
		const struct symbol_inline *node = &function->inlines[i];
		uint64_t last_vaddr = node->ranges[node->n_ranges - 1].end_vaddr;

		ret_steps[find_row(function, node->ranges[0].start_vaddr + 1)]++;
		ret_steps[find_row(function, last_vaddr)]--;
	}
}

/* The row where the later half starts: around the middle, the one with the fewest repeats, of which
 * the nearest. 0: none. */
static size_t find_cut(const struct symbol_function *function, const uint32_t *steps)
{
	const struct symbol_row *rows = function->rows;
	size_t half = function->n_rows / 2, end = half + half / 2, cut = 0;
	uint32_t repeats = 0, fewest = UINT32_MAX;

	for (size_t i = 0; i < end; i++) {
		repeats += steps[i];
		if (i < half / 2 || rows[i - 1].elf_vaddr == rows[i].elf_vaddr)
			continue;
		if (repeats < fewest || (repeats == fewest && i <= half)) {
			fewest = repeats;
			cut = i;
		}
	}
	return rows[cut].elf_vaddr < function->range.end_vaddr ? cut : 0;
}

/* Returns 0 and sets *@ret_cut, to 0 if @function stays whole; or -ENOMEM. */
static int choose_cut(const struct symbol_function *function, size_t *ret_cut)
{
	_cleanup_(freep) uint32_t *steps = NULL;

	*ret_cut = 0;
	if (function->n_rows < 2UL * PIECE_MIN_ROWS ||
	    function->n_rows + function->n_inlines <= PIECE_ITEMS)
		return 0;
	steps = calloc(function->n_rows + 1, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	count_repeats(function, steps);
	*ret_cut = find_cut(function, steps);
	return 0;
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
	size_t cut, n_ranges = 0;
	int r = choose_cut(function, &cut);

	if (r < 0)
		return r;
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
