/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "export/gzip.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define LARGE_BYTES 3000000

/* Bytes that do not compress well, so that there is more than one chunk of output. */
static void fill(unsigned char *bytes, size_t size)
{
	uint32_t value = 1;

	for (size_t i = 0; i < size; i++) {
		value = value * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(value >> 25);
	}
}

static void expect_back(const unsigned char *bytes, size_t size)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	_cleanup_(freep) unsigned char *back = malloc(size + 1);
	z_stream stream = { 0 };

	assert_int_equal(gzip_append(&out, bytes, size), 0);
	stream.next_in = (unsigned char *)out.data;
	stream.avail_in = (uInt)out.size;
	stream.next_out = back;
	stream.avail_out = (uInt)size + 1;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, size);
	assert_int_equal(stream.avail_in, 0);
	assert_memory_equal(back, bytes, size);
	inflateEnd(&stream);
}

static void can_be_decompressed(void **state)
{
	_cleanup_(freep) unsigned char *bytes = malloc(LARGE_BYTES);

	(void)state;
	fill(bytes, LARGE_BYTES);
	expect_back(bytes, 0);
	expect_back(bytes, 1);
	expect_back(bytes, LARGE_BYTES);
}

static void has_no_time(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	assert_int_equal(gzip_append(&out, "x", 1), 0);
	assert_memory_equal(out.data, "\x1f\x8b\x08\0\0\0\0\0", 8);
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { .limit = 10 };

	(void)state;
	assert_int_equal(gzip_append(&out, "x", 1), -EFBIG);
}

static void expands_what_it_compressed(void **state)
{
	_cleanup_(freep) unsigned char *bytes = malloc(LARGE_BYTES);
	_cleanup_(buffer_fini) struct buffer out = { 0 }, back = { 0 };

	(void)state;
	fill(bytes, LARGE_BYTES);
	assert_int_equal(gzip_append(&out, bytes, LARGE_BYTES), 0);
	assert_int_equal(gzip_expand(out.data, out.size, &back), 0);
	assert_int_equal(back.size, LARGE_BYTES);
	assert_memory_equal(back.data, bytes, LARGE_BYTES);
}

static void expands_files_that_follow_one_another(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 }, back = { 0 };

	(void)state;
	assert_int_equal(gzip_append(&out, "ab", 2), 0);
	assert_int_equal(gzip_append(&out, "", 0), 0);
	assert_int_equal(gzip_append(&out, "c", 1), 0);
	assert_int_equal(gzip_expand(out.data, out.size, &back), 0);
	assert_int_equal(back.size, 3);
	assert_memory_equal(back.data, "abc", 3);
}

/* A megabyte of zeros is a kilobyte. */
static void expands_no_further_than_the_limit(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 }, back = { .limit = 100000 };
	_cleanup_(freep) unsigned char *zeros = calloc(1, LARGE_BYTES);

	(void)state;
	assert_int_equal(gzip_append(&out, zeros, LARGE_BYTES), 0);
	assert_int_equal(gzip_expand(out.data, out.size, &back), -EFBIG);
	assert_true(back.size <= 100000);
}

static void refuses_what_is_no_whole_file(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 }, back = { 0 };

	(void)state;
	assert_int_equal(gzip_append(&out, "some text", 9), 0);
	for (size_t size = 0; size < out.size; size++)
		assert_int_equal(gzip_expand(out.data, size, &back), -EBADMSG);
	out.data[out.size - 5] ^= 1; /* of the checksum */
	assert_int_equal(gzip_expand(out.data, out.size, &back), -EBADMSG);
	assert_int_equal(gzip_expand("no gzip", 7, &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(can_be_decompressed),
		cmocka_unit_test(has_no_time),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
		cmocka_unit_test(expands_what_it_compressed),
		cmocka_unit_test(expands_files_that_follow_one_another),
		cmocka_unit_test(expands_no_further_than_the_limit),
		cmocka_unit_test(refuses_what_is_no_whole_file),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
