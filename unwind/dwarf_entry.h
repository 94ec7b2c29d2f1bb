/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF entry: walks over the entries of a unit in the order in which they are written.
 *
 *     struct dwarf_cursor cursor = dwarf_unit_cursor(unit, info_off);
 *     while (dwarf_cursor_next(&cursor))
 *             is_of_interest(cursor.abbrev) ? dwarf_cursor_read(&cursor, &entry)
 *                                           : dwarf_cursor_skip(&cursor);
 *
 * A walk ends where the entry that it began with ends, with all that is in it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/dwarf_abbrev.h"

struct dwarf_cursor {
	const struct dwarf_abbrevs *abbrevs; /* of the unit; borrowed */
	struct byte_cursor bytes;            /* up to the end of the unit */
	const struct dwarf_abbrev *abbrev;   /* of the entry at hand */
	const uint8_t *start;                /* of the entry at hand */
	uint32_t depth;                      /* of the entry at hand; that of the first one is 0 */
	uint32_t next_depth;
	bool is_at_end;
};

/* The attributes of one entry that are of interest. */
struct dwarf_entry {
	uint32_t present; /* a bit for each slot */
	struct dwarf_value values[DWARF_SLOT_COUNT];
};

/* The value in @slot, or NULL: there is none. */
static inline const struct dwarf_value *dwarf_entry_value(const struct dwarf_entry *entry,
							  enum dwarf_slot slot)
{
	return entry->present & 1U << slot ? &entry->values[slot] : NULL;
}

/* Read the entry at hand, so that the next one can follow. */
void dwarf_cursor_read(struct dwarf_cursor *cursor, struct dwarf_entry *ret_entry);

/* Skip the attributes of which some vary in size. */
void dwarf_cursor_skip_varying(struct dwarf_cursor *cursor);

/* Skip the entry at hand, so that the next one can follow. */
static inline void dwarf_cursor_skip(struct dwarf_cursor *cursor)
{
	if (cursor->abbrev->n_skips)
		dwarf_cursor_skip_varying(cursor);
	else
		byte_cursor_take(&cursor->bytes, cursor->abbrev->fixed_bytes);
}

/* Returns false at the end, or where the bytes make no sense: the cursor's bytes are bad then. */
static inline bool dwarf_cursor_next(struct dwarf_cursor *cursor)
{
	uint64_t code;

	if (cursor->is_at_end)
		return false;
	do {
		cursor->start = cursor->bytes.next;
		code = byte_cursor_uleb(&cursor->bytes);
		if (!code && (cursor->bytes.is_bad || cursor->next_depth <= 1))
			return false;
		cursor->next_depth -= !code;
	} while (!code);
	cursor->abbrev = dwarf_abbrevs_find(cursor->abbrevs, code);
	if (!cursor->abbrev) {
		byte_cursor_fail(&cursor->bytes);
		return false;
	}
	cursor->depth = cursor->next_depth;
	cursor->next_depth += cursor->abbrev->has_children;
	cursor->is_at_end = !cursor->next_depth;
	return true;
}

/* A walk over what is in the entry at hand, which was read. */
static inline struct dwarf_cursor dwarf_cursor_enter(const struct dwarf_cursor *cursor)
{
	struct dwarf_cursor inside = *cursor;

	inside.next_depth = cursor->abbrev->has_children;
	inside.is_at_end = !inside.next_depth;
	return inside;
}

/* Go on behind what @inside, which came from @cursor, has walked over to its end. */
static inline void dwarf_cursor_leave(struct dwarf_cursor *cursor,
				      const struct dwarf_cursor *inside)
{
	cursor->bytes = inside->bytes;
	cursor->next_depth = cursor->depth;
	cursor->is_at_end = !cursor->next_depth;
}
