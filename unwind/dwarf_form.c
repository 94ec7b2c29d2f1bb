/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_form.h"

#include <dwarf.h>

#include "profiler/base/array.h"

/* Bytes whose number the unit says, in place of a shape's. */
enum {
	OF_ADDRESS = 0xf0,
	OF_OFFSET = 0xf1,
	OF_REFERENCE = 0xf2, /* an address in DWARF 2, else an offset */
};

#define FIXED(n)                                                                                   \
	{                                                                                          \
		DWARF_SHAPE_FIXED, (n)                                                             \
	}
#define ULEB                                                                                       \
	{                                                                                          \
		DWARF_SHAPE_ULEB, 0                                                                \
	}
#define BLOCK(n)                                                                                   \
	{                                                                                          \
		DWARF_SHAPE_BLOCK, (n)                                                             \
	}

/* DWARF 5, section 7.5.6. */
static const struct dwarf_shape shapes[] = {
	[DW_FORM_addr] = FIXED(OF_ADDRESS),
	[DW_FORM_block2] = BLOCK(2),
	[DW_FORM_block4] = BLOCK(4),
	[DW_FORM_data2] = FIXED(2),
	[DW_FORM_data4] = FIXED(4),
	[DW_FORM_data8] = FIXED(8),
	[DW_FORM_string] = { DWARF_SHAPE_STRING, 0 },
	[DW_FORM_block] = BLOCK(0),
	[DW_FORM_block1] = BLOCK(1),
	[DW_FORM_data1] = FIXED(1),
	[DW_FORM_flag] = FIXED(1),
	[DW_FORM_sdata] = { DWARF_SHAPE_SLEB, 0 },
	[DW_FORM_strp] = FIXED(OF_OFFSET),
	[DW_FORM_udata] = ULEB,
	[DW_FORM_ref_addr] = FIXED(OF_REFERENCE),
	[DW_FORM_ref1] = FIXED(1),
	[DW_FORM_ref2] = FIXED(2),
	[DW_FORM_ref4] = FIXED(4),
	[DW_FORM_ref8] = FIXED(8),
	[DW_FORM_ref_udata] = ULEB,
	[DW_FORM_indirect] = { DWARF_SHAPE_INDIRECT, 0 },
	[DW_FORM_sec_offset] = FIXED(OF_OFFSET),
	[DW_FORM_exprloc] = BLOCK(0),
	[DW_FORM_flag_present] = FIXED(0),
	[DW_FORM_strx] = ULEB,
	[DW_FORM_addrx] = ULEB,
	[DW_FORM_ref_sup4] = FIXED(4),
	[DW_FORM_strp_sup] = FIXED(OF_OFFSET),
	[DW_FORM_data16] = FIXED(16),
	[DW_FORM_line_strp] = FIXED(OF_OFFSET),
	[DW_FORM_ref_sig8] = FIXED(8),
	[DW_FORM_implicit_const] = { DWARF_SHAPE_IMPLICIT, 0 },
	[DW_FORM_loclistx] = ULEB,
	[DW_FORM_rnglistx] = ULEB,
	[DW_FORM_ref_sup8] = FIXED(8),
	[DW_FORM_strx1] = FIXED(1),
	[DW_FORM_strx2] = FIXED(2),
	[DW_FORM_strx3] = FIXED(3),
	[DW_FORM_strx4] = FIXED(4),
	[DW_FORM_addrx1] = FIXED(1),
	[DW_FORM_addrx2] = FIXED(2),
	[DW_FORM_addrx3] = FIXED(3),
	[DW_FORM_addrx4] = FIXED(4),
};

/* https://gcc.gnu.org/wiki/DebugFission, and dwz(1). */
static struct dwarf_shape gnu_shape(uint64_t form)
{
	switch (form) {
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return (struct dwarf_shape)ULEB;
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return (struct dwarf_shape)FIXED(OF_OFFSET);
	default:
		return (struct dwarf_shape){ 0 };
	}
}

struct dwarf_shape dwarf_form_shape(uint64_t form, const struct dwarf_encoding *encoding)
{
	struct dwarf_shape shape = form < ARRAY_SIZE(shapes) ? shapes[form] : gnu_shape(form);

	if (shape.kind != DWARF_SHAPE_FIXED)
		return shape;
	if (shape.bytes == OF_ADDRESS || (shape.bytes == OF_REFERENCE && encoding->version == 2))
		shape.bytes = encoding->address_bytes;
	else if (shape.bytes == OF_OFFSET || shape.bytes == OF_REFERENCE)
		shape.bytes = encoding->offset_bytes;
	return shape;
}

static const uint8_t *take_string(struct byte_cursor *cursor)
{
	const uint8_t *start = cursor->next;
	const uint8_t *end = memchr(start, '\0', byte_cursor_left(cursor));

	if (end)
		cursor->next = end + 1;
	else
		byte_cursor_fail(cursor);
	return end ? start : NULL;
}

static void skip_block(struct byte_cursor *cursor, uint8_t length_bytes)
{
	byte_cursor_take(cursor, length_bytes ? byte_cursor_number(cursor, length_bytes)
					      : byte_cursor_uleb(cursor));
}

static void read_fixed(struct byte_cursor *cursor, uint8_t n_bytes, struct dwarf_value *ret_value)
{
	if (n_bytes <= sizeof(ret_value->number)) {
		ret_value->number = byte_cursor_number(cursor, n_bytes);
		return;
	}
	ret_value->number = byte_cursor_u64(cursor);
	byte_cursor_take(cursor, n_bytes - sizeof(ret_value->number));
}

/* Returns false for a form that is written in front of its value. */
static bool read_direct(struct byte_cursor *cursor, const struct dwarf_attribute *attribute,
			struct dwarf_value *ret_value)
{
	ret_value->form = attribute->form;
	ret_value->number = 0;
	switch ((enum dwarf_shape_kind)attribute->shape.kind) {
	case DWARF_SHAPE_FIXED:
		read_fixed(cursor, attribute->shape.bytes, ret_value);
		return true;
	case DWARF_SHAPE_ULEB:
		ret_value->number = byte_cursor_uleb(cursor);
		return true;
	case DWARF_SHAPE_SLEB:
		ret_value->number = (uint64_t)byte_cursor_sleb(cursor);
		return true;
	case DWARF_SHAPE_STRING:
		ret_value->bytes = take_string(cursor);
		return true;
	case DWARF_SHAPE_BLOCK:
		skip_block(cursor, attribute->shape.bytes);
		return true;
	case DWARF_SHAPE_IMPLICIT:
		ret_value->number = (uint64_t)attribute->implicit;
		return true;
	case DWARF_SHAPE_INDIRECT:
		return false;
	case DWARF_SHAPE_UNKNOWN:
		byte_cursor_fail(cursor);
		return true;
	}
	return true;
}

void dwarf_form_read(struct byte_cursor *cursor, const struct dwarf_attribute *attribute,
		     const struct dwarf_encoding *encoding, struct dwarf_value *ret_value)
{
	struct dwarf_attribute direct;
	uint64_t form;

	if (read_direct(cursor, attribute, ret_value))
		return;
	form = byte_cursor_uleb(cursor);
	direct = (struct dwarf_attribute){
		.form = (uint16_t)form,
		.shape = dwarf_form_shape(form, encoding),
	};
	/* An implicit number would have to be in the abbreviation, too. */
	if (direct.shape.kind == DWARF_SHAPE_IMPLICIT || !read_direct(cursor, &direct, ret_value))
		byte_cursor_fail(cursor);
}

void dwarf_form_skip(struct byte_cursor *cursor, struct dwarf_shape shape,
		     const struct dwarf_encoding *encoding)
{
	struct dwarf_attribute attribute = { .shape = shape };
	struct dwarf_value value;

	if (shape.kind == DWARF_SHAPE_BLOCK)
		skip_block(cursor, shape.bytes);
	else
		dwarf_form_read(cursor, &attribute, encoding, &value);
}
