/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go inlines: the functions that were inlined into one of Go, as a tree in the order of its nodes.
 *
 * Go's table numbers the calls that were inlined, and says for each address which is the innermost
 * one. Who called that is known by an address of the caller: the innermost call there.
 */

#include <stddef.h>

#include "unwind/go_rows.h"
#include "unwind/symbol_function.h"

struct go_call;

struct go_inlines {
	struct symbol_inline *nodes; /* they point into @ranges */
	size_t n_nodes;
	size_t nodes_capacity;
	struct symbol_range *ranges;
	size_t ranges_capacity;
	struct go_call *calls; /* by their number */
	size_t n_calls;
	size_t calls_capacity;
	struct go_piece *pieces; /* ranges, in the order of their addresses */
	size_t n_pieces;
	size_t pieces_capacity;
};

/*
 * Read what was inlined into @function, which has those @rows, into @inlines, in place of what it
 * holds. What is nested deeper than symbol files allow counts as its caller's.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int go_inlines_read(struct go_conversion *conversion, const struct pclntab_function *function,
		    const struct pclntab_source *source, const struct go_rows *rows,
		    struct go_inlines *inlines);

/* Works on a zeroed struct. */
void go_inlines_fini(struct go_inlines *inlines);
