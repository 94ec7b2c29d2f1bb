/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/symbol_fixture.h"

#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_file_writer.h"

DEFINE_CLEANUP(struct elf_file *, elf_file_free)

uintptr_t symbol_fixture_outer(void);

/* Asks the processor where it is, so that the place is in it whatever the compiler does. */
static inline __attribute__((always_inline)) uintptr_t symbol_fixture_inlined(void)
{
	uintptr_t pc;

#if defined(__x86_64__)
	__asm__ volatile("1: lea 1b(%%rip), %0" : "=r"(pc));
#elif defined(__aarch64__)
	__asm__ volatile("1: adr %0, 1b" : "=r"(pc));
#else
#error "unknown processor"
#endif
	return pc;
}

__attribute__((noinline)) uintptr_t symbol_fixture_outer(void)
{
	return symbol_fixture_inlined();
}

/* The first object is the program itself. */
static int on_object(struct dl_phdr_info *info, size_t size, void *ret_bias)
{
	(void)size;
	*(uint64_t *)ret_bias = info->dlpi_addr;
	return 1;
}

uint64_t symbol_fixture_call_vaddr(void)
{
	uint64_t bias = 0;

	dl_iterate_phdr(on_object, &bias);
	return symbol_fixture_outer() - bias;
}

static struct elf_file *open_self(int *ret_fd)
{
	struct elf_file *file;

	*ret_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(*ret_fd >= 0);
	assert_int_equal(elf_file_open(*ret_fd, &file), 0);
	return file;
}

uint64_t symbol_fixture_call_off(void)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(elf_file_freep) struct elf_file *file = open_self(&fd);
	const struct elf_description *description = elf_file_describe(file);
	uint64_t elf_vaddr = symbol_fixture_call_vaddr();

	for (uint32_t i = 0; i < description->n_segments; i++) {
		const struct elf_segment *segment = &description->segments[i];

		if (elf_vaddr - segment->elf_vaddr < segment->size_bytes)
			return segment->file_off + (elf_vaddr - segment->elf_vaddr);
	}
	fail_msg("symbol_fixture_outer() is in no segment");
	return 0;
}

struct symbol_file *symbol_fixture_map(const struct buffer *bytes)
{
	_cleanup_(closep) int fd = memfd_create("symbols", MFD_CLOEXEC);
	struct symbol_file *symbols;

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes->data, bytes->size), 0);
	assert_int_equal(symbol_file_map(fd, &symbols), 0);
	return symbols;
}

void symbol_fixture_build(bool with_lines, struct elf_description *ret_description,
			  struct buffer *ret_bytes)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(elf_file_freep) struct elf_file *file = open_self(&fd);
	struct symbol_build_report report;

	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file },
					   with_lines ? SYMBOL_LINES : SYMBOL_FUNCTIONS, ret_bytes,
					   &report),
			 0);
	*ret_description = *elf_file_describe(file);
}

void symbol_fixture_make(bool with_lines, struct elf_description *ret_description,
			 struct symbol_file **ret_symbols)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };

	symbol_fixture_build(with_lines, ret_description, &bytes);
	*ret_symbols = symbol_fixture_map(&bytes);
}

static void add_function(struct symbol_file_writer *writer, const char *name, uint64_t start_vaddr,
			 const char *path)
{
	struct symbol_row row = { .elf_vaddr = start_vaddr, .line = 10 };
	struct symbol_function function = {
		.range = { start_vaddr, start_vaddr + 0x100 },
		.rows = &row,
		.n_rows = 1,
	};

	assert_int_equal(symbol_file_writer_add_string(writer, name, strlen(name), &function.name),
			 0);
	assert_int_equal(symbol_file_writer_add_file(writer, path, &row.file), 0);
	assert_int_equal(symbol_file_writer_add_function(writer, &function), 0);
}

static struct symbol_file *finish(struct symbol_file_writer *writer)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct symbol_build_report report = { 0 };

	assert_int_equal(symbol_file_writer_finish(writer, NULL, &bytes, &report), 0);
	symbol_file_writer_free(writer);
	return symbol_fixture_map(&bytes);
}

struct symbol_file *symbol_fixture_namesakes(void)
{
	struct symbol_file_writer *writer;

	assert_int_equal(symbol_file_writer_new(&writer), 0);
	add_function(writer, "same", SYMBOL_FIXTURE_NAMESAKE_VADDR(0), "/src/a.c");
	add_function(writer, "same", SYMBOL_FIXTURE_NAMESAKE_VADDR(1), "/src/b.c");
	add_function(writer, "same", SYMBOL_FIXTURE_NAMESAKE_VADDR(2), "/src/a.c");
	return finish(writer);
}

struct symbol_file *symbol_fixture_called(const char *name)
{
	struct symbol_file_writer *writer;

	assert_int_equal(symbol_file_writer_new(&writer), 0);
	add_function(writer, name, SYMBOL_FIXTURE_NAMESAKE_VADDR(0), "/src/a.c");
	return finish(writer);
}
