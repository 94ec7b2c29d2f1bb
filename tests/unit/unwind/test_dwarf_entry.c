/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_entry.h"

#include <dwarf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"

#define END 0, 0

static const struct dwarf_encoding encoding = { .version = 5,
						.address_bytes = 8,
						.offset_bytes = 4 };

/* 1: a scope; 2: fixed attributes; 3: varying ones; 4: none. */
static const uint8_t abbrev_bytes[] = {
	1,
	DW_TAG_namespace,
	DW_CHILDREN_yes,
	END,
	2,
	DW_TAG_subprogram,
	DW_CHILDREN_no,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data4,
	END,
	3,
	DW_TAG_inlined_subroutine,
	DW_CHILDREN_no,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_location,
	DW_FORM_exprloc,
	DW_AT_call_line,
	DW_FORM_implicit_const,
	60,
	DW_AT_call_file,
	DW_FORM_udata,
	END,
	4,
	DW_TAG_lexical_block,
	DW_CHILDREN_yes,
	END,
	0,
};

static struct dwarf_abbrevs read_abbrevs(const uint8_t *bytes, size_t size)
{
	struct dwarf_abbrevs abbrevs = { 0 };

	assert_int_equal(dwarf_abbrevs_read(&abbrevs, byte_cursor_at(bytes, size), 0, &encoding),
			 0);
	return abbrevs;
}

static struct dwarf_cursor walk(const struct dwarf_abbrevs *abbrevs, const uint8_t *bytes,
				size_t size)
{
	return (struct dwarf_cursor){ .abbrevs = abbrevs, .bytes = byte_cursor_at(bytes, size) };
}

static void reads_and_skips_entries_of_all_shapes(void **state)
{
	static const uint8_t bytes[] = {
		1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3, 'f', 0, 2, 0xaa, 0xbb, 0x85, 1, 0,
	};
	struct dwarf_abbrevs abbrevs = read_abbrevs(abbrev_bytes, sizeof(abbrev_bytes));
	struct dwarf_cursor cursor = walk(&abbrevs, bytes, sizeof(bytes));
	struct dwarf_entry entry;

	(void)state;
	assert_true(dwarf_cursor_next(&cursor));
	assert_int_equal(cursor.abbrev->role, DWARF_ROLE_SCOPE);
	dwarf_cursor_skip(&cursor);
	assert_true(dwarf_cursor_next(&cursor));
	assert_int_equal(cursor.abbrev->role, DWARF_ROLE_FUNCTION);
	assert_int_equal(cursor.depth, 1);
	dwarf_cursor_read(&cursor, &entry);
	assert_int_equal(dwarf_entry_value(&entry, DWARF_LOW_PC)->number, 1);
	assert_int_equal(dwarf_entry_value(&entry, DWARF_HIGH_PC)->number, 9);
	assert_null(dwarf_entry_value(&entry, DWARF_NAME));
	assert_true(dwarf_cursor_next(&cursor));
	struct dwarf_cursor skipping = cursor;

	dwarf_cursor_read(&cursor, &entry);
	assert_string_equal((const char *)dwarf_entry_value(&entry, DWARF_NAME)->bytes, "f");
	assert_int_equal(dwarf_entry_value(&entry, DWARF_CALL_LINE)->number, 60);
	assert_int_equal(dwarf_entry_value(&entry, DWARF_CALL_FILE)->number, 0x85);
	dwarf_cursor_skip(&skipping);
	assert_ptr_equal(skipping.bytes.next, cursor.bytes.next);
	assert_false(dwarf_cursor_next(&cursor));
	assert_false(cursor.bytes.is_bad);
	dwarf_abbrevs_fini(&abbrevs);
}

static void ends_with_the_entry_that_it_began_with(void **state)
{
	static const uint8_t bytes[] = { 1, 4, 1, 0, 0, 4, 0, 0, 1, 1, 0, 0 };
	struct dwarf_abbrevs abbrevs = read_abbrevs(abbrev_bytes, sizeof(abbrev_bytes));
	struct dwarf_cursor cursor = walk(&abbrevs, bytes, sizeof(bytes)), inside;
	uint32_t depths[] = { 0, 1, 2, 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		assert_true(dwarf_cursor_next(&cursor));
		assert_int_equal(cursor.depth, depths[i]);
		dwarf_cursor_skip(&cursor);
	}
	assert_false(dwarf_cursor_next(&cursor));
	assert_ptr_equal(cursor.bytes.next, bytes + 8);

	cursor = walk(&abbrevs, bytes, sizeof(bytes));
	assert_true(dwarf_cursor_next(&cursor));
	assert_true(dwarf_cursor_next(&cursor));
	inside = dwarf_cursor_enter(&cursor);
	assert_true(dwarf_cursor_next(&inside));
	assert_false(dwarf_cursor_next(&inside));
	dwarf_cursor_leave(&cursor, &inside);
	assert_true(dwarf_cursor_next(&cursor));
	assert_ptr_equal(cursor.start, bytes + 5);
	assert_int_equal(cursor.depth, 1);
	dwarf_abbrevs_fini(&abbrevs);
}

static void stops_where_bytes_make_no_sense(void **state)
{
	static const uint8_t unknown[] = { 1, 9, 0 }, cut[] = { 2, 1, 2, 3 };
	struct dwarf_abbrevs abbrevs = read_abbrevs(abbrev_bytes, sizeof(abbrev_bytes));
	struct dwarf_cursor cursor = walk(&abbrevs, unknown, sizeof(unknown));

	(void)state;
	assert_true(dwarf_cursor_next(&cursor));
	assert_false(dwarf_cursor_next(&cursor));
	assert_true(cursor.bytes.is_bad);
	cursor = walk(&abbrevs, cut, sizeof(cut));
	assert_true(dwarf_cursor_next(&cursor));
	dwarf_cursor_skip(&cursor);
	assert_true(cursor.bytes.is_bad);
	assert_false(dwarf_cursor_next(&cursor));
	dwarf_abbrevs_fini(&abbrevs);
}

static void finds_abbreviations_whose_codes_do_not_count(void **state)
{
	static const uint8_t bytes[] = {
		0x90, 0x4e, DW_TAG_namespace,  DW_CHILDREN_no,
		END,  7,    DW_TAG_subprogram, DW_CHILDREN_no,
		END,  0,
	};
	struct dwarf_abbrevs abbrevs = read_abbrevs(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(dwarf_abbrevs_find(&abbrevs, 10000)->tag, DW_TAG_namespace);
	assert_int_equal(dwarf_abbrevs_find(&abbrevs, 7)->tag, DW_TAG_subprogram);
	assert_null(dwarf_abbrevs_find(&abbrevs, 1));
	dwarf_abbrevs_fini(&abbrevs);
}

static void refuses_abbreviations_with_forms_that_nobody_knows(void **state)
{
	static const uint8_t bytes[] = { 1, DW_TAG_namespace, DW_CHILDREN_no, DW_AT_name, 0x7f, END,
					 0 };
	struct dwarf_abbrevs abbrevs = { 0 };
	struct byte_cursor section = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(dwarf_abbrevs_read(&abbrevs, section, 0, &encoding), -EBADMSG);
	assert_null(dwarf_abbrevs_find(&abbrevs, 1));
	assert_int_equal(dwarf_abbrevs_read(&abbrevs, section, 100, &encoding), -EBADMSG);
	dwarf_abbrevs_fini(&abbrevs);
}

static void tells_whether_units_refer_to_others(void **state)
{
	static const uint8_t far[] = { 1,
				       DW_TAG_inlined_subroutine,
				       DW_CHILDREN_no,
				       DW_AT_abstract_origin,
				       DW_FORM_ref_addr,
				       END,
				       0 };
	static const uint8_t split[] = {
		1, DW_TAG_skeleton_unit, DW_CHILDREN_no, DW_AT_dwo_name, DW_FORM_strp, END, 0
	};
	struct dwarf_abbrevs_summary summary =
		dwarf_abbrevs_summarize(byte_cursor_at(abbrev_bytes, sizeof(abbrev_bytes)));

	(void)state;
	assert_false(summary.refers_far);
	assert_false(summary.has_skeletons);
	assert_true(dwarf_abbrevs_summarize(byte_cursor_at(far, sizeof(far))).refers_far);
	assert_true(dwarf_abbrevs_summarize(byte_cursor_at(split, sizeof(split))).has_skeletons);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_skips_entries_of_all_shapes),
		cmocka_unit_test(ends_with_the_entry_that_it_began_with),
		cmocka_unit_test(stops_where_bytes_make_no_sense),
		cmocka_unit_test(finds_abbreviations_whose_codes_do_not_count),
		cmocka_unit_test(refuses_abbreviations_with_forms_that_nobody_knows),
		cmocka_unit_test(tells_whether_units_refer_to_others),
	};

	return cmocka_run_group_tests_name("DWARF entries", tests, NULL, NULL);
}
