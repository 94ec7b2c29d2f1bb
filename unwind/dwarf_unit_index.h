/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF unit index: from the offset of an entry to its unit, for references into other units. Of
 * those that were read, some are kept.
 */

#include <stddef.h>
#include <stdint.h>

struct dwarf_sections;
struct dwarf_unit;

#define DWARF_UNIT_INDEX_KEPT 64

struct dwarf_unit_index {
	const struct dwarf_sections *sections; /* set by the caller: borrowed, filled; or NULL */
	struct dwarf_unit_span {
		uint64_t info_off;
		uint64_t end_off;
	} * spans; /* of all units, found when one is first asked for */
	size_t n_spans;
	size_t spans_capacity;
	struct dwarf_unit *kept; /* each where its number in spans leads to; or NULL */
};

/*
 * Find the unit that the entry at @info_off is in.
 *
 * Returns 0 and sets *@ret_unit, borrowed until the next call, NULL if there is none that makes
 * sense; or -ENOMEM.
 */
int dwarf_unit_index_find(struct dwarf_unit_index *index, uint64_t info_off,
			  const struct dwarf_unit **ret_unit);

/* Works on a zeroed struct. */
void dwarf_unit_index_fini(struct dwarf_unit_index *index);
