/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF inlines: the functions that were inlined into one, as a tree in the order of its nodes.
 */

#include <elfutils/libdw.h>
#include <stddef.h>

#include "unwind/symbol_function.h"

struct dwarf_conversion;

/* Nodes point into @ranges only in a tree that was cut; before, @first_range says where. */
struct dwarf_inlines {
	struct symbol_inline *nodes;
	size_t n_nodes;
	size_t nodes_capacity;
	size_t *first_range; /* of each node */
	size_t first_range_capacity;
	struct symbol_range *ranges;
	size_t n_ranges;
	size_t ranges_capacity;
};

/* Entries yet to be visited. */
struct dwarf_die_stack {
	struct dwarf_pending_die {
		Dwarf_Die die;
		uint32_t depth; /* of the inlined functions around it */
		bool is_alone;  /* its siblings are visited by someone else */
	} * pending;
	size_t n;
	size_t capacity;
};

/* Returns 0 or -ENOMEM. */
int dwarf_die_stack_push(struct dwarf_die_stack *stack, const struct dwarf_pending_die *pending);

/* Take the last one of @stack, which holds some. */
struct dwarf_pending_die dwarf_die_stack_pop(struct dwarf_die_stack *stack);

/* Set *@die to its next sibling. Returns false behind the last one, and for one that leads back. */
bool dwarf_die_next(Dwarf_Die *die);

/*
 * Read what was inlined into @function into @inlines, in place of what it holds, and push
 * functions and types that are nested in it to @ret_nested.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_inlines_read(struct dwarf_conversion *conversion, Dwarf_Die *function,
		       struct dwarf_inlines *inlines, struct dwarf_die_stack *ret_nested);

/* Works on a zeroed struct. */
void dwarf_inlines_fini(struct dwarf_inlines *inlines);

/*
 * Put what of @inlines lies in @range into @ret_cut, in place of what it holds: each node inside of
 * its parent, no deeper than symbol files allow.
 *
 * Returns 0 or -ENOMEM.
 */
int dwarf_inlines_cut(const struct dwarf_inlines *inlines, struct symbol_range range,
		      struct dwarf_inlines *ret_cut);
