/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/varint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"

static struct varint_reader reader_of(const struct buffer *buffer)
{
	const unsigned char *bytes = (const unsigned char *)buffer->data;

	return (struct varint_reader){ .next = bytes, .end = bytes + buffer->size };
}

static void comes_back_as_it_was(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX };
	struct buffer buffer = { 0 };
	struct varint_reader reader;
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		varint_append(&buffer, values[i]);
	assert_int_equal(buffer.size, 1 + 1 + 1 + 2 + 2 + 5 + VARINT_MAX_BYTES);
	reader = reader_of(&buffer);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(varint_read(&reader, &value), 0);
		assert_int_equal(value, values[i]);
	}
	assert_int_equal(varint_read(&reader, &value), -EBADMSG);
	buffer_fini(&buffer);
}

static void takes_as_many_bytes_as_it_says(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		for (int less = 0; less < 2; less++) {
			uint64_t value = (1ULL << bit) - (uint64_t)less;

			buffer.size = 0;
			varint_append(&buffer, value);
			assert_int_equal(varint_size(value), buffer.size);
		}
	}
	buffer_fini(&buffer);
}

static void numbers_are_passed_as_they_are_read(void **state)
{
	struct buffer buffer = { 0 };
	struct varint_reader reader, passing, passed;
	uint64_t value;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		varint_append(&buffer, i % 7 ? i : i << (i % 64));
	for (size_t n = 0; n <= 100; n++) {
		reader = passing = reader_of(&buffer);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(varint_read(&reader, &value), 0);
		assert_int_equal(varint_pass(&passing, n, &passed), 0);
		assert_ptr_equal(passing.next, reader.next);
		assert_ptr_equal(passed.next, buffer.data);
		assert_ptr_equal(passed.end, reader.next);
	}
	passing = reader_of(&buffer);
	assert_int_equal(varint_pass(&passing, 101, &passed), -EBADMSG);
	buffer_fini(&buffer);
}

static void small_negative_numbers_are_short(void **state)
{
	static const int64_t values[] = { 0, -1, 63, -64, INT64_MAX, INT64_MIN };
	struct buffer buffer = { 0 };
	struct varint_reader reader;
	int64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		varint_append_signed(&buffer, values[i]);
	assert_int_equal(buffer.size, 4 * 1 + 2 * VARINT_MAX_BYTES);
	reader = reader_of(&buffer);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(varint_read_signed(&reader, &value), 0);
		assert_int_equal(value, values[i]);
	}
	buffer_fini(&buffer);
}

static void more_than_64_bits_are_refused(void **state)
{
	static const char too_large[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
	static const char too_long[] = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
	struct buffer buffer = { 0 };
	struct varint_reader reader;
	uint64_t value;

	(void)state;
	buffer_append(&buffer, too_large, sizeof(too_large) - 1);
	reader = reader_of(&buffer);
	assert_int_equal(varint_read(&reader, &value), -EBADMSG);
	buffer_fini(&buffer);
	buffer_append(&buffer, too_long, sizeof(too_long) - 1);
	reader = reader_of(&buffer);
	assert_int_equal(varint_read(&reader, &value), -EBADMSG);
	buffer_fini(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(takes_as_many_bytes_as_it_says),
		cmocka_unit_test(numbers_are_passed_as_they_are_read),
		cmocka_unit_test(small_negative_numbers_are_short),
		cmocka_unit_test(more_than_64_bits_are_refused),
	};

	return cmocka_run_group_tests_name("varint", tests, NULL, NULL);
}
