/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF sections: those of one file that are read, each found and decompressed once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/elf_content.h"

struct elf_file;

enum dwarf_section {
	DWARF_SECTION_INFO,
	DWARF_SECTION_ABBREV,
	DWARF_SECTION_STR,
	DWARF_SECTION_STR_OFFSETS,
	DWARF_SECTION_RNGLISTS,
	/* Of these, what is split off has none, and uses the others'. */
	DWARF_SECTION_LINE,
	DWARF_SECTION_LINE_STR,
	DWARF_SECTION_RANGES,
	DWARF_SECTION_ADDR,
	DWARF_SECTION_COUNT,
};

struct dwarf_sections {
	struct elf_content contents[DWARF_SECTION_COUNT]; /* borrowed from the file */
	const struct dwarf_sections *alternate;           /* of dwz, or NULL; borrowed */
};

/* Find the sections of @file; in one that was split off, their names end in ".dwo". */
void dwarf_sections_read(struct elf_file *file, bool is_split, struct dwarf_sections *ret_sections);

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
