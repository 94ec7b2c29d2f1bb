/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"

static void only_what_can_neither_shrink_nor_change_is_sealed(void **state)
{
	_cleanup_(closep) int fd = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_(closep) int on_disk = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_false(memory_file_is_sealed(-1));
	assert_false(memory_file_is_sealed(on_disk));
	assert_false(memory_file_is_sealed(fd));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_false(memory_file_is_sealed(fd));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_true(memory_file_is_sealed(fd));
}

static void what_is_sealed_is_read_from_its_start(void **state)
{
	_cleanup_(closep) int fd = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char text[4] = "";

	(void)state;
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(memory_file_seal(fd), 0);
	assert_true(memory_file_is_sealed(fd));
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(write(fd, "d", 1), -1);
	assert_int_equal(memory_file_seal(-1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_can_neither_shrink_nor_change_is_sealed),
		cmocka_unit_test(what_is_sealed_is_read_from_its_start),
	};

	return cmocka_run_group_tests_name("memory file", tests, NULL, NULL);
}
