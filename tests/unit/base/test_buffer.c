/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

static void appends_at_its_end(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { 0 };

	(void)state;
	buffer_append(&buffer, "a\0b", 3);
	buffer_append_string(&buffer, "cd");
	buffer_append_char(&buffer, 'e');
	buffer_printf(&buffer, "%d%s", 12, "!");
	assert_int_equal(buffer_error(&buffer), 0);
	assert_int_equal(buffer.size, 9);
	assert_memory_equal(buffer.data, "a\0bcde12!", 9);
}

static void appending_nothing_changes_nothing(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { 0 };

	(void)state;
	buffer_append(&buffer, NULL, 0);
	buffer_append_string(&buffer, "");
	buffer_printf(&buffer, "%s", "");
	assert_int_equal(buffer_error(&buffer), 0);
	assert_int_equal(buffer.size, 0);
}

static void gives_zeros_to_be_filled_in(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { 0 };
	char *zeros;

	(void)state;
	buffer_append_char(&buffer, 'x');
	zeros = buffer_append_zeros(&buffer, 4);
	assert_non_null(zeros);
	assert_memory_equal(zeros, "\0\0\0\0", 4);
	zeros[3] = 'y';
	assert_int_equal(buffer.size, 5);
	assert_memory_equal(buffer.data, "x\0\0\0y", 5);
}

static void holds_as_much_as_its_limit(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { .limit = 4 };

	(void)state;
	buffer_append_string(&buffer, "1234");
	assert_int_equal(buffer_error(&buffer), 0);
	buffer_append_char(&buffer, '5');
	assert_int_equal(buffer_error(&buffer), -EFBIG);
}

static void what_is_prepared_is_a_hint(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { .limit = 4 };

	(void)state;
	buffer_append_string(&buffer, "ab");
	buffer_prepare(&buffer, 1000);
	assert_int_equal(buffer_error(&buffer), 0);
	assert_int_equal(buffer.size, 2);
	assert_true(buffer.capacity < 1000);
	buffer_append_string(&buffer, "cd");
	assert_memory_equal(buffer.data, "abcd", 4);
	assert_int_equal(buffer_error(&buffer), 0);
}

static void stays_as_it_is_once_an_append_failed(void **state)
{
	_cleanup_(buffer_fini) struct buffer buffer = { .limit = 4 };

	(void)state;
	buffer_append_string(&buffer, "123");
	buffer_append_string(&buffer, "too much");
	buffer_append_char(&buffer, '4'); /* would fit, but not where it belongs */
	assert_null(buffer_append_zeros(&buffer, 1));
	buffer_printf(&buffer, "%d", 5);
	assert_int_equal(buffer_error(&buffer), -EFBIG);
	assert_int_equal(buffer.size, 3);
	assert_memory_equal(buffer.data, "123", 3);
}

static void is_empty_again_after_fini(void **state)
{
	struct buffer buffer = { .limit = 1 };

	(void)state;
	buffer_append_string(&buffer, "12");
	buffer_fini(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.size, 0);
	assert_int_equal(buffer_error(&buffer), 0);
	buffer_fini(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_at_its_end),
		cmocka_unit_test(appending_nothing_changes_nothing),
		cmocka_unit_test(gives_zeros_to_be_filled_in),
		cmocka_unit_test(holds_as_much_as_its_limit),
		cmocka_unit_test(what_is_prepared_is_a_hint),
		cmocka_unit_test(stays_as_it_is_once_an_append_failed),
		cmocka_unit_test(is_empty_again_after_fini),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
