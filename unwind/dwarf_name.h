/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF name: what functions and source files are called, as numbers of the writer. Both are asked
 * for again and again, so both are remembered.
 */

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct dwarf_conversion;

/*
 * The name of the function of @die, which is a subprogram or an inlined subroutine: the linker's
 * if there is one, else the one in the source. 0 if it has none.
 *
 * Returns 0 and sets *@ret_name, -ENOMEM or -EFBIG.
 */
int dwarf_name_of_function(struct dwarf_conversion *conversion, Dwarf_Die *die, uint32_t *ret_name);

/*
 * The name of the function of @die where it starts at @start_vaddr: as above, unless the symbols
 * know a better one, by which others call it.
 */
int dwarf_name_at(struct dwarf_conversion *conversion, Dwarf_Die *die, uint64_t start_vaddr,
		  uint32_t *ret_name);

/* The file of @path, a string of libdw's, or NULL for file 0. As above. */
int dwarf_name_of_file(struct dwarf_conversion *conversion, const char *path, uint32_t *ret_file);
