/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/protobuf.h"

#define CURSOR(bytes) byte_cursor_at((const uint8_t *)(bytes), sizeof(bytes) - 1)

static void reads_fields_of_each_wire_type(void **state)
{
	struct byte_cursor cursor = CURSOR("\x08\x96\x01"
					   "\x12\x02hi"
					   "\x19\x01\0\0\0\0\0\0\0"
					   "\x25\x02\0\0\0");
	struct protobuf_field field;

	(void)state;
	assert_true(protobuf_next(&cursor, &field));
	assert_int_equal(field.number, 1);
	assert_int_equal(field.value, 150);
	assert_true(protobuf_next(&cursor, &field));
	assert_int_equal(field.number, 2);
	assert_int_equal(field.wire, PROTOBUF_BYTES);
	assert_int_equal(byte_cursor_left(&field.bytes), 2);
	assert_memory_equal(field.bytes.next, "hi", 2);
	assert_true(protobuf_next(&cursor, &field));
	assert_int_equal(field.value, 1);
	assert_true(protobuf_next(&cursor, &field));
	assert_int_equal(field.value, 2);
	assert_false(protobuf_next(&cursor, &field));
	assert_false(cursor.is_bad);
}

static void is_bad_where_a_field_ends_early(void **state)
{
	struct byte_cursor too_long = CURSOR("\x12\x03hi");
	struct byte_cursor no_value = CURSOR("\x08");
	struct protobuf_field field;

	(void)state;
	assert_false(protobuf_next(&too_long, &field));
	assert_true(too_long.is_bad);
	assert_false(protobuf_next(&no_value, &field));
	assert_true(no_value.is_bad);
}

static void knows_no_groups(void **state)
{
	struct byte_cursor cursor = CURSOR("\x0b\x0c");
	struct protobuf_field field;

	(void)state;
	assert_false(protobuf_next(&cursor, &field));
	assert_true(cursor.is_bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields_of_each_wire_type),
		cmocka_unit_test(is_bad_where_a_field_ends_early),
		cmocka_unit_test(knows_no_groups),
	};

	return cmocka_run_group_tests_name("protobuf", tests, NULL, NULL);
}
