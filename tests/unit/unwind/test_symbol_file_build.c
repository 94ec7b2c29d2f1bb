/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_files.h"
#include "unwind/symbol_file_build.h"

#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/elf_file.h"

/* The vDSO is the one file without debug information that every process has. */
static int open_vdso(void)
{
	const ElfW(Ehdr) *vdso = (const ElfW(Ehdr) *)getauxval(AT_SYSINFO_EHDR);

	if (!vdso)
		skip();
	return fixture_memfd(vdso, vdso->e_shoff + vdso->e_shnum * sizeof(ElfW(Shdr)));
}

static void names_the_functions_of_the_vdso(void **state)
{
	struct symbol_build_report report;
	struct buffer bytes = { 0 };
	struct elf_file *file;
	int fd = open_vdso();

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file },
					   SYMBOL_FUNCTIONS, &bytes, &report),
			 0);
	assert_true(report.n_functions > 0);
	assert_int_equal(report.n_with_lines, 0);
	assert_non_null(memmem(bytes.data, bytes.size, "clock_gettime", 13));
	buffer_fini(&bytes);
	elf_file_free(file);
	close(fd);
}

static void tells_that_there_is_no_debug_information(void **state)
{
	struct symbol_build_report report;
	struct buffer bytes = { 0 };
	struct elf_file *file;
	int fd = open_vdso();

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_LINES,
					   &bytes, &report),
			 -ENODATA);
	assert_int_equal(bytes.size, 0);
	elf_file_free(file);
	close(fd);
}

static void appends_to_what_the_buffer_holds(void **state)
{
	struct symbol_build_report report;
	struct buffer bytes = { 0 };
	struct symbol_file *symbols;
	struct elf_file *file;
	int fd = fixture_open("/proc/self/exe"), symbols_fd;

	(void)state;
	buffer_append(&bytes, "xyz", 3);
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_LINES,
					   &bytes, &report),
			 0);
	assert_memory_equal(bytes.data, "xyz", 3);
	symbols_fd = fixture_memfd(bytes.data + 3, bytes.size - 3);
	assert_int_equal(symbol_file_map(symbols_fd, &symbols), 0);
	assert_true(symbol_file_function_count(symbols) >= report.n_functions);
	assert_int_equal(symbol_file_bytes(symbols), bytes.size - 3);
	symbol_file_free(symbols);
	buffer_fini(&bytes);
	elf_file_free(file);
	close(symbols_fd);
	close(fd);
}

static void keeps_to_the_limit_of_the_buffer(void **state)
{
	struct buffer bytes = { .limit = 1000 };
	struct symbol_build_report report;
	struct elf_file *file;
	int fd = fixture_open("/proc/self/exe");

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_LINES,
					   &bytes, &report),
			 -EFBIG);
	assert_true(bytes.size <= 1000);
	buffer_fini(&bytes);
	elf_file_free(file);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_functions_of_the_vdso),
		cmocka_unit_test(tells_that_there_is_no_debug_information),
		cmocka_unit_test(appends_to_what_the_buffer_holds),
		cmocka_unit_test(keeps_to_the_limit_of_the_buffer),
	};

	return cmocka_run_group_tests_name("building symbol files", tests, NULL, NULL);
}
