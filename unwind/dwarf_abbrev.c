/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_abbrev.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"

static const struct slot_of_name {
	uint16_t name; /* DW_AT_* */
	uint8_t slot;
} slots[] = {
	{ DW_AT_name, DWARF_NAME },
	{ DW_AT_linkage_name, DWARF_LINKAGE_NAME },
	{ DW_AT_MIPS_linkage_name, DWARF_LINKAGE_NAME },
	{ DW_AT_low_pc, DWARF_LOW_PC },
	{ DW_AT_high_pc, DWARF_HIGH_PC },
	{ DW_AT_ranges, DWARF_RANGES },
	{ DW_AT_abstract_origin, DWARF_ABSTRACT_ORIGIN },
	{ DW_AT_specification, DWARF_SPECIFICATION },
	{ DW_AT_call_file, DWARF_CALL_FILE },
	{ DW_AT_call_line, DWARF_CALL_LINE },
	{ DW_AT_stmt_list, DWARF_STMT_LIST },
	{ DW_AT_comp_dir, DWARF_COMP_DIR },
	{ DW_AT_language, DWARF_LANGUAGE },
	{ DW_AT_str_offsets_base, DWARF_STR_OFFSETS_BASE },
	{ DW_AT_addr_base, DWARF_ADDR_BASE },
	{ DW_AT_GNU_addr_base, DWARF_ADDR_BASE },
	{ DW_AT_rnglists_base, DWARF_RNGLISTS_BASE },
	{ DW_AT_GNU_ranges_base, DWARF_GNU_RANGES_BASE },
	{ DW_AT_dwo_name, DWARF_DWO_NAME },
	{ DW_AT_GNU_dwo_name, DWARF_DWO_NAME },
	{ DW_AT_GNU_dwo_id, DWARF_DWO_ID },
};

static uint8_t slot_of(uint64_t name)
{
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		if (slots[i].name == name)
			return slots[i].slot;
	return DWARF_SLOT_COUNT;
}

static enum dwarf_role role_of(uint16_t tag, bool has_code)
{
	switch (tag) {
	case DW_TAG_subprogram:
		return has_code ? DWARF_ROLE_FUNCTION : DWARF_ROLE_SCOPE;
	case DW_TAG_inlined_subroutine:
		return DWARF_ROLE_INLINED;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_interface_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return DWARF_ROLE_SCOPE;
	default:
		return DWARF_ROLE_OTHER;
	}
}

static int add_attribute(struct dwarf_abbrevs *abbrevs, const struct dwarf_attribute *attribute)
{
	int r = array_reserve((void **)&abbrevs->attributes, &abbrevs->attributes_capacity,
			      abbrevs->n_attributes + 1, sizeof(*abbrevs->attributes));

	if (r == 0)
		abbrevs->attributes[abbrevs->n_attributes++] = *attribute;
	return r;
}

static int add_skip(struct dwarf_abbrevs *abbrevs, struct dwarf_abbrev *abbrev,
		    struct dwarf_shape shape)
{
	int r;

	if (shape.kind == DWARF_SHAPE_IMPLICIT)
		return 0;
	if (shape.kind == DWARF_SHAPE_FIXED) {
		abbrev->fixed_bytes += shape.bytes;
		return 0;
	}
	r = array_reserve((void **)&abbrevs->skips, &abbrevs->skips_capacity, abbrevs->n_skips + 1,
			  sizeof(*abbrevs->skips));
	if (r < 0)
		return r;
	abbrevs->skips[abbrevs->n_skips++] =
		(struct dwarf_skip){ .fixed_bytes = abbrev->fixed_bytes, .shape = shape };
	abbrev->fixed_bytes = 0;
	abbrev->n_skips++;
	return 0;
}

/* Read the attributes of @abbrev, which end with two zeros. */
static int read_attributes(struct dwarf_abbrevs *abbrevs, struct byte_cursor *cursor,
			   struct dwarf_abbrev *abbrev, bool *ret_has_code)
{
	int r = 0;

	*ret_has_code = false;
	while (r == 0) {
		uint64_t name = byte_cursor_uleb(cursor);
		uint64_t form = byte_cursor_uleb(cursor);
		struct dwarf_attribute attribute = {
			.form = (uint16_t)form,
			.shape = dwarf_form_shape(form, &abbrevs->encoding),
			.slot = slot_of(name),
		};

		if (!name && !form)
			return cursor->is_bad ? -EBADMSG : 0;
		if (form == DW_FORM_implicit_const)
			attribute.implicit = byte_cursor_sleb(cursor);
		if (attribute.shape.kind == DWARF_SHAPE_UNKNOWN)
			return -EBADMSG;
		*ret_has_code |= attribute.slot == DWARF_LOW_PC || attribute.slot == DWARF_RANGES;
		r = add_skip(abbrevs, abbrev, attribute.shape);
		if (r == 0)
			r = add_attribute(abbrevs, &attribute);
		abbrev->n_attributes++;
	}
	return r;
}

static int read_abbrev(struct dwarf_abbrevs *abbrevs, struct byte_cursor *cursor, uint64_t code)
{
	struct dwarf_abbrev abbrev = {
		.code = code,
		.first_attribute = (uint32_t)abbrevs->n_attributes,
		.first_skip = (uint32_t)abbrevs->n_skips,
	};
	uint64_t tag = byte_cursor_uleb(cursor);
	bool has_code;
	int r;

	abbrev.tag = tag <= UINT16_MAX ? (uint16_t)tag : 0;
	abbrev.has_children = byte_cursor_u8(cursor) == DW_CHILDREN_yes;
	r = read_attributes(abbrevs, cursor, &abbrev, &has_code);
	if (r == 0)
		r = array_reserve((void **)&abbrevs->abbrevs, &abbrevs->abbrevs_capacity,
				  abbrevs->n_abbrevs + 1, sizeof(*abbrevs->abbrevs));
	if (r < 0)
		return r;
	abbrev.role = (uint8_t)role_of(abbrev.tag, has_code);
	abbrevs->is_dense &= code == abbrevs->n_abbrevs + 1;
	abbrevs->abbrevs[abbrevs->n_abbrevs++] = abbrev;
	return 0;
}

static int compare_abbrevs(const void *a, const void *b)
{
	const struct dwarf_abbrev *left = a, *right = b;

	return (left->code > right->code) - (left->code < right->code);
}

static bool is_same(const struct dwarf_abbrevs *abbrevs, const uint8_t *start,
		    const struct dwarf_encoding *encoding)
{
	return abbrevs->start == start && abbrevs->encoding.version == encoding->version &&
	       abbrevs->encoding.address_bytes == encoding->address_bytes &&
	       abbrevs->encoding.offset_bytes == encoding->offset_bytes;
}

static void forget(struct dwarf_abbrevs *abbrevs)
{
	abbrevs->start = NULL;
	abbrevs->n_abbrevs = 0;
	abbrevs->n_attributes = 0;
	abbrevs->n_skips = 0;
	abbrevs->is_dense = true;
}

int dwarf_abbrevs_read(struct dwarf_abbrevs *abbrevs, struct byte_cursor section, uint64_t offset,
		       const struct dwarf_encoding *encoding)
{
	struct byte_cursor cursor = section;
	uint64_t code;
	int r = 0;

	if (!byte_cursor_take(&cursor, offset))
		return -EBADMSG;
	if (is_same(abbrevs, cursor.next, encoding))
		return 0;
	forget(abbrevs);
	abbrevs->encoding = *encoding;
	const uint8_t *start = cursor.next;

	while (r == 0 && (code = byte_cursor_uleb(&cursor)) != 0)
		r = read_abbrev(abbrevs, &cursor, code);
	/* The last table may lack its end. */
	if (r < 0) {
		forget(abbrevs);
		return r;
	}
	if (!abbrevs->is_dense)
		qsort(abbrevs->abbrevs, abbrevs->n_abbrevs, sizeof(*abbrevs->abbrevs),
		      compare_abbrevs);
	abbrevs->start = start;
	return 0;
}

static void summarize_attributes(struct byte_cursor *cursor, struct dwarf_abbrevs_summary *summary)
{
	uint64_t name, form;

	do {
		name = byte_cursor_uleb(cursor);
		form = byte_cursor_uleb(cursor);
		if (form == DW_FORM_implicit_const)
			byte_cursor_sleb(cursor);
		summary->refers_far |= form == DW_FORM_ref_addr || form == DW_FORM_indirect;
		summary->has_skeletons |= name == DW_AT_dwo_name || name == DW_AT_GNU_dwo_name;
	} while ((name || form) && !cursor->is_bad);
}

struct dwarf_abbrevs_summary dwarf_abbrevs_summarize(struct byte_cursor section)
{
	struct dwarf_abbrevs_summary summary = { .refers_far = false };

	while (byte_cursor_left(&section)) {
		if (!byte_cursor_uleb(&section))
			continue;           /* the end of a unit's */
		byte_cursor_uleb(&section); /* tag */
		byte_cursor_u8(&section);   /* whether there are children */
		summarize_attributes(&section, &summary);
	}
	return summary;
}

void dwarf_abbrevs_fini(struct dwarf_abbrevs *abbrevs)
{
	free(abbrevs->abbrevs);
	free(abbrevs->attributes);
	free(abbrevs->skips);
	*abbrevs = (struct dwarf_abbrevs){ 0 };
}

const struct dwarf_abbrev *dwarf_abbrevs_search(const struct dwarf_abbrevs *abbrevs, uint64_t code)
{
	const struct dwarf_abbrev key = { .code = code };

	if (!abbrevs->n_abbrevs)
		return NULL;
	return bsearch(&key, abbrevs->abbrevs, abbrevs->n_abbrevs, sizeof(key), compare_abbrevs);
}
