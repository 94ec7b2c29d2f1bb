/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_inlines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_frame.h"

/* Go's runtime does not know more either. */
#define MAX_CALLS (1 << 20)

/* An inlined call. Calls are known by their number plus 1; 0 is none, or the function itself. */
struct go_call {
	const char *name; /* NULL if the table does not say: as if it were its caller's code */
	uint32_t caller;  /* always the smaller number */
	uint32_t shown;   /* itself, or the caller which has its addresses, too */
	uint32_t depth;
	uint32_t file; /* of the place of the call */
	uint32_t line;
	uint32_t first_callee; /* the tree: in the order of numbers */
	uint32_t next;
	uint32_t n_ranges;
	size_t last_piece;
	size_t first_range;
};

struct go_piece {
	uint32_t call;
	struct symbol_range range;
};

static struct go_call *call_at(const struct go_inlines *inlines, uint32_t call)
{
	return &inlines->calls[call - 1];
}

static int make_room(const struct go_rows *rows, struct go_inlines *inlines)
{
	int r;

	inlines->n_calls = 0;
	for (size_t i = 0; i < rows->n; i++) {
		int32_t call = rows->rows[i].call;

		if (call >= 0 && call < MAX_CALLS && (size_t)call >= inlines->n_calls)
			inlines->n_calls = (size_t)call + 1;
	}
	r = array_reserve((void **)&inlines->calls, &inlines->calls_capacity, inlines->n_calls,
			  sizeof(*inlines->calls));
	if (r == 0)
		r = array_reserve((void **)&inlines->nodes, &inlines->nodes_capacity,
				  inlines->n_calls, sizeof(*inlines->nodes));
	return r;
}

/* The caller of call number @i, which is known, and where it has made the call. */
static void find_caller(const struct go_inlines *inlines, const struct go_row *row, uint32_t i,
			struct go_call *call)
{
	if (!row)
		return;
	call->file = row->file;
	call->line = row->line;
	if (row->call >= 0 && (uint32_t)row->call < i)
		call->caller = call_at(inlines, (uint32_t)row->call + 1)->shown;
}

static void read_calls(const struct go_conversion *conversion, uint64_t start_vaddr,
		       const struct pclntab_source *source, const struct go_rows *rows,
		       struct go_inlines *inlines)
{
	for (uint32_t i = 0; i < inlines->n_calls; i++) {
		struct go_call call = { 0 };
		struct pclntab_call said;

		if (pclntab_source_call(&conversion->reader, source, i, &said)) {
			call.name = said.name;
			find_caller(inlines, go_rows_find(rows, start_vaddr + said.caller_pc), i,
				    &call);
		}
		call.depth = call.caller ? call_at(inlines, call.caller)->depth + 1 : 1;
		call.shown = call.name && call.depth < SYMBOL_MAX_INLINE ? i + 1 : call.caller;
		inlines->calls[i] = call;
	}
}

/* Call @number has @range, be it also that of what was inlined into it. */
static int add_range(struct go_inlines *inlines, uint32_t number, struct symbol_range range)
{
	struct go_call *call = call_at(inlines, number);
	int r;

	if (call->n_ranges &&
	    inlines->pieces[call->last_piece].range.end_vaddr == range.start_vaddr) {
		inlines->pieces[call->last_piece].range.end_vaddr = range.end_vaddr;
		return 0;
	}
	r = array_reserve((void **)&inlines->pieces, &inlines->pieces_capacity,
			  inlines->n_pieces + 1, sizeof(*inlines->pieces));
	if (r < 0)
		return r;
	call->n_ranges++;
	call->last_piece = inlines->n_pieces;
	inlines->pieces[inlines->n_pieces++] = (struct go_piece){ number, range };
	return 0;
}

/* Give each row's addresses to the calls that are open there. */
static int add_ranges(const struct go_rows *rows, uint64_t end_vaddr, struct go_inlines *inlines)
{
	int r = 0;

	inlines->n_pieces = 0;
	for (size_t i = 0; r == 0 && i < rows->n; i++) {
		const struct go_row *row = &rows->rows[i];
		struct symbol_range range = {
			.start_vaddr = row->elf_vaddr,
			.end_vaddr = i + 1 < rows->n ? row[1].elf_vaddr : end_vaddr,
		};
		uint32_t call = 0;

		if (row->call >= 0 && (size_t)row->call < inlines->n_calls)
			call = call_at(inlines, (uint32_t)row->call + 1)->shown;
		for (; r == 0 && call; call = call_at(inlines, call)->caller)
			r = add_range(inlines, call, range);
	}
	return r;
}

/* Put the ranges of each call side by side. */
static int sort_ranges(struct go_inlines *inlines)
{
	size_t n = 0;
	int r = array_reserve((void **)&inlines->ranges, &inlines->ranges_capacity,
			      inlines->n_pieces, sizeof(*inlines->ranges));

	if (r < 0)
		return r;
	for (size_t i = 0; i < inlines->n_calls; i++) {
		inlines->calls[i].first_range = n;
		n += inlines->calls[i].n_ranges;
		inlines->calls[i].n_ranges = 0;
	}
	for (size_t i = 0; i < inlines->n_pieces; i++) {
		struct go_call *call = call_at(inlines, inlines->pieces[i].call);

		inlines->ranges[call->first_range + call->n_ranges++] = inlines->pieces[i].range;
	}
	return 0;
}

/* Link the calls that have ranges. Returns the first one that the function itself made. */
static uint32_t link_tree(struct go_inlines *inlines)
{
	uint32_t first = 0;

	for (uint32_t i = (uint32_t)inlines->n_calls; i > 0; i--) {
		struct go_call *call = call_at(inlines, i);
		uint32_t *link =
			call->caller ? &call_at(inlines, call->caller)->first_callee : &first;

		if (!call->n_ranges)
			continue;
		call->next = *link;
		*link = i;
	}
	return first;
}

static int add_node(struct symbol_file_writer *writer, struct go_inlines *inlines,
		    const struct go_call *call)
{
	struct symbol_inline node = {
		.depth = call->depth,
		.call_file = call->file,
		.call_line = call->line,
		.n_ranges = call->n_ranges,
		.ranges = &inlines->ranges[call->first_range],
	};
	int r = symbol_file_writer_add_string(writer, call->name, strlen(call->name), &node.name);

	if (r == 0)
		inlines->nodes[inlines->n_nodes++] = node;
	return r;
}

/* Callers before what they have called. */
static int add_nodes(struct symbol_file_writer *writer, struct go_inlines *inlines)
{
	uint32_t number = link_tree(inlines);
	int r = 0;

	while (r == 0 && number) {
		const struct go_call *call = call_at(inlines, number);

		r = add_node(writer, inlines, call);
		number = call->first_callee;
		while (!number && call) {
			number = call->next;
			call = call->caller ? call_at(inlines, call->caller) : NULL;
		}
	}
	return r;
}

int go_inlines_read(struct go_conversion *conversion, const struct pclntab_function *function,
		    const struct pclntab_source *source, const struct go_rows *rows,
		    struct go_inlines *inlines)
{
	int r = make_room(rows, inlines);

	inlines->n_nodes = 0;
	if (r < 0 || !inlines->n_calls)
		return r;
	read_calls(conversion, function->start_vaddr, source, rows, inlines);
	r = add_ranges(rows, function->end_vaddr, inlines);
	if (r == 0)
		r = sort_ranges(inlines);
	return r < 0 ? r : add_nodes(conversion->writer, inlines);
}

void go_inlines_fini(struct go_inlines *inlines)
{
	free(inlines->nodes);
	free(inlines->ranges);
	free(inlines->calls);
	free(inlines->pieces);
}
