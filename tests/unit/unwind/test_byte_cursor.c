/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/byte_cursor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void reads_numbers_one_after_the_other(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct byte_cursor cursor = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(byte_cursor_u8(&cursor), 1);
	assert_int_equal(byte_cursor_number(&cursor, 2), 0x0302);
	assert_int_equal(byte_cursor_u32(&cursor), 0x07060504);
	assert_int_equal(byte_cursor_u64(&cursor), 0x0f0e0d0c0b0a0908);
	assert_int_equal(byte_cursor_left(&cursor), 0);
	assert_false(cursor.is_bad);
}

static void reads_leb128(void **state)
{
	static const uint8_t bytes[] = { 0xe5, 0x8e, 0x26, 0xc0, 0xbb, 0x78, 0x7f, 0x3f };
	struct byte_cursor cursor = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(byte_cursor_uleb(&cursor), 624485);
	assert_int_equal(byte_cursor_sleb(&cursor), -123456);
	assert_int_equal(byte_cursor_sleb(&cursor), -1);
	assert_int_equal(byte_cursor_sleb(&cursor), 63);
	assert_false(cursor.is_bad);
}

static void drops_bits_of_leb128_that_do_not_fit(void **state)
{
	static const uint8_t bytes[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x05 };
	struct byte_cursor cursor = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(byte_cursor_uleb(&cursor), 0);
	assert_int_equal(byte_cursor_u8(&cursor), 5);
}

static void stays_failed_past_the_end(void **state)
{
	static const uint8_t bytes[] = { 0x80, 0x80 };
	struct byte_cursor cursor = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_null(byte_cursor_take(&cursor, UINT64_MAX));
	assert_true(cursor.is_bad);
	assert_int_equal(byte_cursor_u8(&cursor), 0);
	cursor = byte_cursor_at(bytes, sizeof(bytes));
	assert_int_equal(byte_cursor_uleb(&cursor), 0);
	assert_true(cursor.is_bad);
	cursor = byte_cursor_at(NULL, 0);
	assert_int_equal(byte_cursor_sleb(&cursor), 0);
	assert_true(cursor.is_bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_one_after_the_other),
		cmocka_unit_test(reads_leb128),
		cmocka_unit_test(drops_bits_of_leb128_that_do_not_fit),
		cmocka_unit_test(stays_failed_past_the_end),
	};

	return cmocka_run_group_tests_name("byte_cursor", tests, NULL, NULL);
}
