/* SPDX-License-Identifier: Apache-2.0 */
/* Go's table of functions: the first byte tells how it is to be found, the rest is the table. */
#include <assert.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_builder.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER_BYTES 80
#define MODULE_WORDS 40

static void build_table(struct elf_file *file)
{
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct unwind_table_report report;

	if (unwind_table_build(file, &table, &report) == 0)
		assert(unwind_table_check(table.data, table.size) == 0);
}

/* What was built can be asked: at each function, and within. */
static void build_symbols(struct elf_file *file)
{
	_cleanup_(buffer_fini) struct buffer symbols = { .limit = 64 << 20 };
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	struct symbol_build_report report;
	struct symbol_file *mapped;

	if (symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_FUNCTIONS, &symbols,
			      &report) < 0)
		return;
	_cleanup_(closep) int fd = memfd_create("symbols", MFD_CLOEXEC);

	if (file_write_fd(fd, symbols.data, symbols.size) < 0)
		return;
	assert(symbol_file_map(fd, &mapped) == 0);
	assert(symbol_file_function_count(mapped) == report.n_functions);
	for (uint64_t off = 0; off < 0x1000; off += 3)
		(void)symbol_file_find(mapped, BUILT_VADDR + off, frames, SYMBOL_MAX_INLINE);
	symbol_file_free(mapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(closep) int fd = memfd_create("elf", MFD_CLOEXEC);
	_cleanup_(buffer_fini) struct buffer elf = { 0 };
	uint64_t module[MODULE_WORDS + 1] = { 0 };
	struct built_section sections[] = {
		{ .name = ".gopclntab", .bytes = data + 1, .size = size - 1 },
		{ .name = ".go.module", .bytes = module, .size = sizeof(module) },
	};
	struct elf_file *file;

	if (size < 2)
		return 0;
	/* What lies outside of the table is taken from it, too. */
	module[0] = built_section_vaddr(sections, 0);
	module[1] = module[0] + HEADER_BYTES;
	module[22] = module[0];
	module[37] = module[38] = module[39] = module[40] = module[0];
	elf_build(&elf, data[0] & 1 ? EM_AARCH64 : EM_X86_64, sections, ARRAY_SIZE(sections),
		  !(data[0] & 2));
	if (file_write_fd(fd, elf.data, elf.size) < 0 || elf_file_open(fd, &file) < 0)
		return 0;
	build_table(file);
	build_symbols(file);
	elf_file_free(file);
	return 0;
}
