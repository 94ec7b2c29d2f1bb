/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF sections: those of one file that are read, each found and decompressed once.
 *
 * .debug_info is larger than all others together, and is read from front to back: so its bytes are
 * there only when they were asked for with dwarf_sections_fill().
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/elf_content.h"

struct debug_files;
struct elf_file;
struct inflater;

enum dwarf_section {
	DWARF_SECTION_INFO,
	DWARF_SECTION_ABBREV,
	DWARF_SECTION_STR,
	DWARF_SECTION_STR_OFFSETS,
	DWARF_SECTION_RNGLISTS,
	DWARF_SECTION_UNIT_INDEX, /* of a package */
	/* Of these, what is split off has none, and uses the others'. */
	DWARF_SECTION_LINE,
	DWARF_SECTION_LINE_STR,
	DWARF_SECTION_RANGES,
	DWARF_SECTION_ADDR,
	DWARF_SECTION_COUNT,
};

/* All is borrowed from the file. */
struct dwarf_sections {
	struct elf_content contents[DWARF_SECTION_COUNT];
	struct inflater *info_inflater;         /* of .debug_info, if it is compressed */
	size_t n_released;                      /* of .debug_info */
	const struct dwarf_sections *alternate; /* of dwz, or NULL */
};

/* Find the sections of @file; in one that was split off, their names end in ".dwo". */
void dwarf_sections_read(struct elf_file *file, bool is_split, struct dwarf_sections *ret_sections);

/* The same for what was split off from nothing, of the first of the debug file and the binary that
 * has debug information. */
void dwarf_sections_find(const struct debug_files *files, struct dwarf_sections *ret_sections);

/* Have the first @end bytes of .debug_info. Returns whether there are as many; if not, the section
 * ends where they do. */
bool dwarf_sections_fill(struct dwarf_sections *sections, uint64_t end);

/* The same for all of it: what is left of it is there. */
void dwarf_sections_fill_all(struct dwarf_sections *sections);

/* Give back the memory of the first @end bytes of .debug_info. If it is compressed, they are gone.
 */
void dwarf_sections_release(struct dwarf_sections *sections, uint64_t end);

/* The bytes of a section from @offset on; bad, and none, if it does not reach so far. */
struct byte_cursor dwarf_sections_at(const struct dwarf_sections *sections,
				     enum dwarf_section section, uint64_t offset);

/* The string at @offset of DWARF_SECTION_STR or _LINE_STR, or NULL. */
const char *dwarf_sections_string(const struct dwarf_sections *sections, enum dwarf_section section,
				  uint64_t offset);

/* A table of numbers in a section. */
struct dwarf_table {
	enum dwarf_section section;
	uint64_t base;      /* where it starts */
	uint8_t item_bytes; /* of each number, at most 8 */
};

/* Set *@ret_number to item @i of @table. Returns false, and leaves it, if there is none. */
bool dwarf_sections_item(const struct dwarf_sections *sections, const struct dwarf_table *table,
			 uint64_t i, uint64_t *ret_number);
