/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/file.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_section.h"
#include "unwind/symbol_table.h"

int fixture_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("cannot open %s", path);
	return fd;
}

int fixture_memfd(const void *bytes, size_t size)
{
	int fd = memfd_create("fixture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	return fd;
}

struct symbol_file *fixture_symbol_file(const char *path, enum symbol_depth depth,
					struct symbol_build_report *ret_report)
{
	struct buffer bytes = { 0 };
	struct symbol_file *symbols;
	struct elf_file *elf;
	int fd = fixture_open(path), symbols_fd;

	assert_int_equal(elf_file_open(fd, &elf), 0);
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = elf }, depth, &bytes,
					   ret_report),
			 0);
	symbols_fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(symbols_fd, &symbols), 0);
	close(symbols_fd);
	elf_file_free(elf);
	buffer_fini(&bytes);
	close(fd);
	return symbols;
}

uint64_t fixture_function_vaddr(const char *path, const char *name)
{
	struct symbol_sections sections = { 0 };
	struct symbol_table table = { 0 };
	struct elf_file *elf;
	int fd = fixture_open(path);
	uint64_t elf_vaddr = 0;

	assert_int_equal(elf_file_open(fd, &elf), 0);
	assert_int_equal(symbol_sections_open(&(struct debug_files){ .binary = elf }, &sections),
			 0);
	assert_int_equal(symbol_table_read(&sections, &table), 0);
	for (size_t i = 0; i < table.n_symbols; i++)
		if (table.symbols[i].name_length == strlen(name) &&
		    strncmp(table.symbols[i].name, name, strlen(name)) == 0)
			elf_vaddr = table.symbols[i].start_vaddr;
	symbol_table_fini(&table);
	symbol_sections_fini(&sections);
	elf_file_free(elf);
	close(fd);
	if (!elf_vaddr)
		fail_msg("%s has no symbol %s", path, name);
	return elf_vaddr;
}
