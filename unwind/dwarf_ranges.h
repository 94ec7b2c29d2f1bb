/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF ranges: the addresses of one entry, from low_pc and high_pc, .debug_ranges or
 * .debug_rnglists.
 */

#include <stddef.h>

#include "unwind/symbol_function.h"

struct dwarf_entry;
struct dwarf_unit;

struct dwarf_ranges {
	struct symbol_range *ranges; /* none is empty; in the order in which they are written */
	size_t n;
	size_t capacity;
};

/*
 * Append the ranges of @entry, which is in @unit, to @ranges. What a list holds up to where it
 * makes no sense counts.
 *
 * Returns 0 or -ENOMEM.
 */
int dwarf_ranges_read(const struct dwarf_unit *unit, const struct dwarf_entry *entry,
		      struct dwarf_ranges *ranges);

/* Append one range, unless it is empty. Returns 0 or -ENOMEM. */
int dwarf_ranges_add(struct dwarf_ranges *ranges, uint64_t start_vaddr, uint64_t end_vaddr);

/* Works on a zeroed struct. */
void dwarf_ranges_fini(struct dwarf_ranges *ranges);
