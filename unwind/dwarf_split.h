/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF split: the units that were split off into a package or into objects, by their id.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/dwarf_sections.h"
#include "unwind/dwarf_unit.h"

struct debug_files;

struct dwarf_split_unit {
	uint64_t dwo_id;
	const struct dwarf_sections *sections;
	uint64_t info_off;
	struct dwarf_contribution contribution;
};

struct dwarf_split {
	struct dwarf_sections *sections; /* of the objects, and of the package behind them */
	struct dwarf_split_unit *units;  /* sorted by id */
	size_t n_units;
	size_t capacity;
};

/*
 * Find the units of the package and the objects among @files, which must outlive the zeroed
 * @ret_split.
 *
 * Returns 0 or -ENOMEM.
 */
int dwarf_split_read(const struct debug_files *files, struct dwarf_split *ret_split);

/* Works on a zeroed struct. */
void dwarf_split_fini(struct dwarf_split *split);

/* The unit that was split off from @skeleton, or NULL: that is no skeleton, or its file is not
 * there. Borrowed: lives as long as @split. */
const struct dwarf_split_unit *dwarf_split_find(const struct dwarf_split *split,
						const struct dwarf_unit *skeleton);
