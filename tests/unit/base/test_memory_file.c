/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/base/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_can_neither_shrink_nor_change_is_sealed),
	};

	return cmocka_run_group_tests_name("memory file", tests, NULL, NULL);
}
