/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_entry.h"

void dwarf_cursor_read(struct dwarf_cursor *cursor, struct dwarf_entry *ret_entry)
{
	const struct dwarf_attribute *attributes =
		&cursor->abbrevs->attributes[cursor->abbrev->first_attribute];
	struct dwarf_value value;

	ret_entry->present = 0;
	for (uint32_t i = 0; i < cursor->abbrev->n_attributes; i++) {
		uint8_t slot = attributes[i].slot;

		dwarf_form_read(&cursor->bytes, &attributes[i], &cursor->abbrevs->encoding, &value);
		if (slot == DWARF_SLOT_COUNT || cursor->bytes.is_bad)
			continue;
		ret_entry->values[slot] = value;
		ret_entry->present |= 1U << slot;
	}
}

void dwarf_cursor_skip_varying(struct dwarf_cursor *cursor)
{
	const struct dwarf_skip *skips = &cursor->abbrevs->skips[cursor->abbrev->first_skip];

	for (uint32_t i = 0; i < cursor->abbrev->n_skips; i++) {
		byte_cursor_take(&cursor->bytes, skips[i].fixed_bytes);
		dwarf_form_skip(&cursor->bytes, skips[i].shape, &cursor->abbrevs->encoding);
	}
	byte_cursor_take(&cursor->bytes, cursor->abbrev->fixed_bytes);
}
