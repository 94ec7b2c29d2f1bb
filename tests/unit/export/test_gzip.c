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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(can_be_decompressed),
		cmocka_unit_test(has_no_time),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
