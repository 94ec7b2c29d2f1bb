/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF abbreviations: what the entries of a unit look like, and how to get past each quickly.
 *
 * Nearly all entries are only passed over. So of each abbreviation it is found once how many bytes
 * its attributes take; where that varies, the fixed ones are taken together between the others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/dwarf_form.h"

/* The attributes that are read; the others are skipped. */
enum dwarf_slot {
	DWARF_NAME,
	DWARF_LINKAGE_NAME,
	DWARF_LOW_PC,
	DWARF_HIGH_PC,
	DWARF_RANGES,
	DWARF_ABSTRACT_ORIGIN,
	DWARF_SPECIFICATION,
	DWARF_CALL_FILE,
	DWARF_CALL_LINE,
	DWARF_STMT_LIST,
	DWARF_COMP_DIR,
	DWARF_LANGUAGE,
	DWARF_STR_OFFSETS_BASE,
	DWARF_ADDR_BASE,
	DWARF_RNGLISTS_BASE,
	DWARF_GNU_RANGES_BASE,
	DWARF_DWO_NAME,
	DWARF_DWO_ID,
	DWARF_SLOT_COUNT, /* of no interest */
};

/* What an entry is for who looks for functions. */
enum dwarf_role {
	DWARF_ROLE_OTHER,
	DWARF_ROLE_SCOPE, /* a type, a namespace, a function without code: functions may be in it */
	DWARF_ROLE_FUNCTION, /* with code */
	DWARF_ROLE_INLINED,  /* a function inside of another */
};

/* Skip @fixed_bytes, then a value of @shape. */
struct dwarf_skip {
	uint32_t fixed_bytes;
	struct dwarf_shape shape;
};

struct dwarf_abbrev {
	uint64_t code;
	uint32_t first_attribute;
	uint32_t n_attributes;
	uint32_t first_skip;
	uint32_t n_skips;
	uint32_t fixed_bytes; /* behind all skips; of all attributes, if there are none */
	uint16_t tag;         /* DW_TAG_*, 0 for what does not fit */
	uint8_t role;         /* enum dwarf_role */
	bool has_children;
};

/* The abbreviations of a unit. */
struct dwarf_abbrevs {
	const uint8_t *start; /* what was read, and how: NULL if nothing was */
	struct dwarf_encoding encoding;

	struct dwarf_abbrev *abbrevs; /* sorted by code */
	size_t n_abbrevs;
	size_t abbrevs_capacity;
	struct dwarf_attribute *attributes;
	size_t n_attributes;
	size_t attributes_capacity;
	struct dwarf_skip *skips;
	size_t n_skips;
	size_t skips_capacity;
	bool is_dense; /* codes count from 1: nearly always */
};

/*
 * Read the abbreviations at @offset of the section .debug_abbrev, @bytes, into @abbrevs, in place
 * of those that it holds, unless they are the same.
 *
 * Returns 0, -EBADMSG or -ENOMEM, with none then.
 */
int dwarf_abbrevs_read(struct dwarf_abbrevs *abbrevs, struct byte_cursor section, uint64_t offset,
		       const struct dwarf_encoding *encoding);

/* What there may be in a file, by all of its abbreviations. */
struct dwarf_abbrevs_summary {
	bool refers_far;    /* to entries in other units */
	bool has_skeletons; /* of units that were split off */
};

struct dwarf_abbrevs_summary dwarf_abbrevs_summarize(struct byte_cursor section);

/* Works on a zeroed struct. */
void dwarf_abbrevs_fini(struct dwarf_abbrevs *abbrevs);

/* For codes that do not count from 1. */
const struct dwarf_abbrev *dwarf_abbrevs_search(const struct dwarf_abbrevs *abbrevs, uint64_t code);

/* The abbreviation with @code, or NULL. Borrowed until @abbrevs are read anew. */
static inline const struct dwarf_abbrev *dwarf_abbrevs_find(const struct dwarf_abbrevs *abbrevs,
							    uint64_t code)
{
	if (!abbrevs->is_dense)
		return dwarf_abbrevs_search(abbrevs, code);
	return code - 1 < abbrevs->n_abbrevs ? &abbrevs->abbrevs[code - 1] : NULL;
}
