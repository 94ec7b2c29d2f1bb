/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF unit: the head of one unit of .debug_info, its own entry, and where in other sections it
 * starts to count.
 *
 * What was split off is two units: the skeleton in the binary knows the addresses and the lines,
 * the other one, in another file, has the entries.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/dwarf_abbrev.h"
#include "unwind/dwarf_entry.h"
#include "unwind/dwarf_sections.h"

/* Where the parts of a unit start in the sections of a package; zeros in all other files. */
struct dwarf_contribution {
	uint64_t abbrev_off;
	uint64_t str_offsets_off;
	uint64_t rnglists_off;
};

struct dwarf_unit {
	const struct dwarf_sections *sections;         /* borrowed: where its entries are */
	const struct dwarf_sections *address_sections; /* borrowed: those of its skeleton */
	const uint8_t *info;                           /* the first byte of its section */
	struct dwarf_encoding encoding;
	uint8_t type; /* DW_UT_* */
	bool has_dwo_id;
	uint64_t dwo_id;
	uint64_t info_off; /* of its head */
	uint64_t entries_off;
	uint64_t end_off;
	uint64_t abbrev_off;

	struct dwarf_abbrevs abbrevs;
	uint16_t tag; /* of its own entry, whose attributes follow */
	struct dwarf_entry entry;
	uint64_t base_vaddr; /* that ranges count from */
	uint64_t str_offsets_base;
	uint64_t addr_base;
	uint64_t rnglists_base;
	uint64_t ranges_base;
};

/*
 * Read the head of the unit at @info_off into @unit, keeping what its abbreviations hold.
 *
 * Returns 0, -ENODATA if the section ends there, or -EBADMSG: then the unit makes no sense, but the
 * next one, at its @end_off, may.
 */
int dwarf_unit_read_head(struct dwarf_unit *unit, const struct dwarf_sections *sections,
			 uint64_t info_off);

/*
 * Read the abbreviations and the own entry of @unit, whose head was read. @skeleton is the unit
 * that it was split off from, or NULL; @contribution, where its parts are, or NULL.
 *
 * Returns 0, -EBADMSG or -ENOMEM.
 */
int dwarf_unit_read_entry(struct dwarf_unit *unit, const struct dwarf_unit *skeleton,
			  const struct dwarf_contribution *contribution);

/* A walk from the entry at @info_off on; it is at its end if that is not in @unit. */
struct dwarf_cursor dwarf_unit_cursor(const struct dwarf_unit *unit, uint64_t info_off);

/* Where in its section the entry starts that @cursor, a walk over @unit, has at hand. */
static inline uint64_t dwarf_unit_info_off(const struct dwarf_unit *unit,
					   const struct dwarf_cursor *cursor)
{
	return (uint64_t)(cursor->start - unit->info);
}

/* Set *@ret_vaddr to the address that @value, or NULL, is. Returns false, and leaves it, if it is
 * none. */
bool dwarf_unit_address(const struct dwarf_unit *unit, const struct dwarf_value *value,
			uint64_t *ret_vaddr);

/* The same for number @i of the unit's table of addresses. */
bool dwarf_unit_indexed_address(const struct dwarf_unit *unit, uint64_t i, uint64_t *ret_vaddr);

/*
 * Read the unit behind @unit, which is zeroed at first, into it, with its entry, and have its bytes
 * filled.
 *
 * Returns 0, -ENODATA at the end of the section, -EBADMSG if this one makes no sense, or -ENOMEM.
 */
int dwarf_unit_read_next(struct dwarf_unit *unit, struct dwarf_sections *sections);

/* Whether its entries were split off. */
bool dwarf_unit_is_skeleton(const struct dwarf_unit *unit);

/* Works on a zeroed struct. */
void dwarf_unit_fini(struct dwarf_unit *unit);
