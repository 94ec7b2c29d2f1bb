/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF form: how the value of an attribute is written, and what was read of it.
 *
 * The form that an abbreviation names is brought into a shape once, which says how many bytes there
 * are to read or to skip; what the value means is for dwarf_value.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"

/* In what the units of one file differ. */
struct dwarf_encoding {
	uint16_t version;      /* 2 to 5 */
	uint8_t address_bytes; /* 4 or 8 */
	uint8_t offset_bytes;  /* 4 or 8: "64-bit DWARF" */
};

enum dwarf_shape_kind {
	DWARF_SHAPE_UNKNOWN,
	DWARF_SHAPE_FIXED,    /* a number of so many bytes; of 16, only the first 8 are kept */
	DWARF_SHAPE_ULEB,     /* a number */
	DWARF_SHAPE_SLEB,     /* a number with a sign */
	DWARF_SHAPE_STRING,   /* up to a NUL */
	DWARF_SHAPE_BLOCK,    /* its length in so many bytes, 0: as ULEB; then the block */
	DWARF_SHAPE_IMPLICIT, /* a number, which the abbreviation says */
	DWARF_SHAPE_INDIRECT, /* another form, then a value of that one */
};

struct dwarf_shape {
	uint8_t kind; /* enum dwarf_shape_kind */
	uint8_t bytes;
};

/* One attribute of an abbreviation. */
struct dwarf_attribute {
	int64_t implicit; /* for DWARF_SHAPE_IMPLICIT */
	uint16_t form;    /* DW_FORM_* */
	struct dwarf_shape shape;
	uint8_t slot; /* enum dwarf_slot: what it is for us */
};

/* Borrowed from the section that it was read from. */
struct dwarf_value {
	union {
		uint64_t number;
		const uint8_t *bytes; /* of a string */
	};
	uint16_t form; /* DW_FORM_*, as it was in the end */
};

/* The shape of DW_FORM_* @form, DWARF_SHAPE_UNKNOWN if there is no such form. */
struct dwarf_shape dwarf_form_shape(uint64_t form, const struct dwarf_encoding *encoding);

/* Skip a value of any shape but FIXED and IMPLICIT. */
void dwarf_form_skip(struct byte_cursor *cursor, struct dwarf_shape shape,
		     const struct dwarf_encoding *encoding);

/* Read a value. Blocks leave a number 0. */
void dwarf_form_read(struct byte_cursor *cursor, const struct dwarf_attribute *attribute,
		     const struct dwarf_encoding *encoding, struct dwarf_value *ret_value);
