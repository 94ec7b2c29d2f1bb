/* SPDX-License-Identifier: Apache-2.0 */
/* Go's table of functions: the first byte tells how it is to be found, the rest is the table. */
#include <assert.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_builder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(closep) int fd = memfd_create("elf", MFD_CLOEXEC);
	_cleanup_(buffer_fini) struct buffer elf = { 0 }, table = { 0 };
	struct built_section section = { .name = ".gopclntab",
					 .bytes = data + 1,
					 .size = size - 1 };
	struct unwind_table_report report;
	struct elf_file *file;

	if (size < 2)
		return 0;
	elf_build(&elf, data[0] & 1 ? EM_AARCH64 : EM_X86_64, &section, 1, !(data[0] & 2));
	if (file_write_fd(fd, elf.data, elf.size) < 0 || elf_file_open(fd, &file) < 0)
		return 0;
	if (unwind_table_build(file, &table, &report) == 0)
		assert(unwind_table_check(table.data, table.size) == 0);
	elf_file_free(file);
	return 0;
}
