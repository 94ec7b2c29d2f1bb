/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/binary_key.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

static void a_program_is_known_by_what_the_file_system_and_the_linker_say(void **state)
{
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct build_id build_id;
	struct binary_key key;
	struct stat status;

	(void)state;
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(build_id_read(fd, &build_id), 0);
	assert_int_equal(binary_key_read(fd, &key), 0);
	assert_memory_equal(&key.build_id, &build_id, sizeof(build_id));
	assert_int_equal(key.owner, status.st_uid);
	assert_int_equal(key.size_bytes, status.st_size);
	assert_int_equal(key.change_time_ns / 1000000000, status.st_mtim.tv_sec);
}

static void what_will_not_be_seen_again_has_no_key(void **state)
{
	_cleanup_(closep) int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int text = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int copy = memfd_create("copy", MFD_CLOEXEC);
	static char bytes[1 << 20];
	ssize_t n = read(program, bytes, sizeof(bytes));
	struct binary_key key;

	(void)state;
	assert_true(n > 0);
	assert_int_equal(file_write_fd(copy, bytes, (size_t)n), 0);
	assert_int_equal(binary_key_read(copy, &key), -ENODATA); /* no name */
	assert_int_equal(binary_key_read(text, &key), -ENODATA); /* no ELF file */
}

static int make_elf_without_id(const char *path)
{
	const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(file_write_fd(fd, &header, sizeof(header)), 0);
	return fd;
}

/* Another one in its place, of the same size and with the same time of change, is another. */
static void without_a_build_id_its_place_and_last_change_tell(void **state)
{
	char path[] = "/tmp/pilotlight-test-XXXXXX";
	_cleanup_(closep) int made = mkstemp(path);
	_cleanup_(closep) int fd = make_elf_without_id(path);
	struct timespec times[2];
	struct binary_key first, again, later;
	struct build_id build_id;
	struct stat status;

	(void)state;
	assert_true(made >= 0);
	assert_int_equal(build_id_read(fd, &build_id), -ENODATA);
	assert_int_equal(binary_key_read(fd, &first), 0);
	assert_int_equal(binary_key_read(fd, &again), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(fstat(fd, &status), 0);
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	do {
		assert_int_equal(futimens(fd, times), 0); /* which is a change, too */
		assert_int_equal(binary_key_read(fd, &later), 0);
	} while (memcmp(&first, &later, sizeof(first)) == 0); /* until the clock has ticked */
	assert_int_equal(later.change_time_ns, first.change_time_ns);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(binary_key_read(fd, &later), -ENODATA);
}

static void is_printed_as_the_name_of_a_file(void **state)
{
	struct binary_key key = { { { 0xab, 0x01 }, 2 }, 1000, 0x12345, 0xffff };
	char name[BINARY_KEY_NAME_BYTES];

	(void)state;
	binary_key_print(&key, ".table", name);
	assert_string_equal(name, "ab01-12345-ffff-3e8.table");
	memset(&key, 0xff, sizeof(key));
	key.build_id.n_bytes = BUILD_ID_MAX_BYTES;
	binary_key_print(&key, ".12345678901234", name);
	assert_non_null(strstr(name, "-ffffffff.12345678901234"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_known_by_what_the_file_system_and_the_linker_say),
		cmocka_unit_test(what_will_not_be_seen_again_has_no_key),
		cmocka_unit_test(without_a_build_id_its_place_and_last_change_tell),
		cmocka_unit_test(is_printed_as_the_name_of_a_file),
	};

	return cmocka_run_group_tests_name("binary key", tests, NULL, NULL);
}
