/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF name: what functions are called, as numbers of the writer. The same ones are asked for
 * again and again, so they are remembered.
 */

#include <stdint.h>

struct dwarf_conversion;
struct dwarf_entry;

/*
 * The name of the function of @entry, in the unit at hand, which is a subprogram or an inlined
 * subroutine: the linker's if there is one, else the one in the source; its own, or that of the
 * entries that it refers to, in other units, too. 0 if it has none.
 *
 * Returns 0 and sets *@ret_name, -ENOMEM or -EFBIG.
 */
int dwarf_name_of_function(struct dwarf_conversion *conversion, const struct dwarf_entry *entry,
			   uint32_t *ret_name);

/*
 * The name of the function of @entry where it starts at @start_vaddr: as above, unless the symbols
 * know a better one, by which others call it.
 */
int dwarf_name_at(struct dwarf_conversion *conversion, const struct dwarf_entry *entry,
		  uint64_t start_vaddr, uint32_t *ret_name);
