/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF inlines: the functions that were inlined into one, as a tree in the order of its nodes.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/dwarf_ranges.h"
#include "unwind/symbol_function.h"

struct dwarf_conversion;
struct dwarf_cursor;
struct dwarf_level;
struct dwarf_lines;

/* Entries of the unit that are yet to be visited. */
struct dwarf_pending {
	uint64_t *offsets; /* in its section */
	size_t n;
	size_t capacity;
};

/* Nodes point into @ranges only in a tree that was cut; before, @first_range says where. */
struct dwarf_inlines {
	struct symbol_inline *nodes;
	size_t n_nodes;
	size_t nodes_capacity;
	size_t *first_range; /* of each node */
	size_t first_range_capacity;
	struct dwarf_ranges ranges;

	struct dwarf_pending nested; /* functions that were met on the way */
	struct dwarf_level *levels;  /* of the walk */
	size_t n_levels;
	size_t levels_capacity;
};

/* Returns 0 or -ENOMEM. */
int dwarf_pending_push(struct dwarf_pending *pending, uint64_t info_off);

/*
 * Read what was inlined into the function whose entry @cursor, a walk over the unit at hand, has
 * just read, into @inlines, in place of the tree that it holds, and push functions that are nested
 * in it to @inlines->nested. @cursor goes to the end of the function. @lines are the unit's.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int dwarf_inlines_read(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		       struct dwarf_cursor *cursor, struct dwarf_inlines *inlines);

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
