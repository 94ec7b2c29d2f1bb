/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

#define LARGE_BYTES 100000 /* more than one read(2) */

static int new_file(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void reads_back_what_was_written(void **state)
{
	_cleanup_(freep) char *bytes = calloc(1, LARGE_BYTES);
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	memset(bytes, 'x', LARGE_BYTES);
	_cleanup_(closep) int fd = new_file(bytes, LARGE_BYTES);
	assert_int_equal(file_read_fd(fd, LARGE_BYTES, &text), 0);
	assert_int_equal(text.size, LARGE_BYTES);
	assert_memory_equal(text.data, bytes, LARGE_BYTES);
}

static void ends_what_it_read_with_a_nul(void **state)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(closep) int empty = new_file("", 0);
	_cleanup_(closep) int fd = new_file("line\n", 5);

	(void)state;
	assert_int_equal(file_read_fd(empty, 10, &text), 0);
	assert_int_equal(text.size, 0);
	assert_string_equal(text.data, "");
	assert_int_equal(file_read_fd(fd, 10, &text), 0);
	assert_int_equal(text.size, 5);
	assert_string_equal(text.data, "line\n");
}

static void refuses_a_file_above_the_limit(void **state)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(closep) int fd = new_file("123456", 6);

	(void)state;
	assert_int_equal(file_read_fd(fd, 5, &text), -EFBIG);
}

static void reads_a_file_of_proc_by_name(void **state)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(closep) int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(proc >= 0);
	assert_int_equal(file_read(proc, "comm", 100, &text), 0);
	assert_string_equal(text.data, "test_file\n");
}

static void tells_why_a_file_cannot_be_read(void **state)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, "/nothing/here", 100, &text), -ENOENT);
	assert_int_equal(file_read(AT_FDCWD, "/proc", 100, &text), -EISDIR);
}

static void reads_a_part_of_a_file_or_nothing(void **state)
{
	_cleanup_(closep) int fd = new_file("123456", 6);
	char part[3] = "";

	(void)state;
	assert_int_equal(file_read_at(fd, part, 3, 2), 0);
	assert_memory_equal(part, "345", 3);
	assert_int_equal(file_read_at(fd, part, 0, 6), 0);
	assert_int_equal(file_read_at(fd, part, 3, 4), -ENODATA);
	assert_int_equal(file_read_at(fd, part, 3, UINT64_MAX), -EINVAL);
}

static void tells_why_a_file_cannot_be_written(void **state)
{
	_cleanup_(closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(file_write_fd(fd, "x", 1), -ENOSPC);
	assert_int_equal(file_write_fd(-1, "x", 1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_was_written),
		cmocka_unit_test(ends_what_it_read_with_a_nul),
		cmocka_unit_test(refuses_a_file_above_the_limit),
		cmocka_unit_test(reads_a_file_of_proc_by_name),
		cmocka_unit_test(tells_why_a_file_cannot_be_read),
		cmocka_unit_test(reads_a_part_of_a_file_or_nothing),
		cmocka_unit_test(tells_why_a_file_cannot_be_written),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
