/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame information. The first byte tells for which machine, and in which section; the rest is
 * that section.
 */
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

static void build_table(const struct buffer *elf)
{
	_cleanup_(closep) int fd = memfd_create("elf", MFD_CLOEXEC);
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct unwind_table_report report;
	struct elf_file *file;

	if (file_write_fd(fd, elf->data, elf->size) < 0 || elf_file_open(fd, &file) < 0)
		return;
	if (unwind_table_build(file, &table, &report) == 0) {
		assert(unwind_table_check(table.data, table.size) == 0);
		for (uint64_t off = 0; off < elf->size + 256; off += 64)
			unwind_table_find(table.data, off);
	}
	elf_file_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buffer_fini) struct buffer elf = { 0 };
	/* The header leads, relative to itself, to what is behind its 8 bytes, aligned to 16. */
	static const uint8_t header[] = { 1, 0x1b, 0xff, 0xff, 12, 0, 0, 0 };
	static const uint8_t text[4096]; /* room for code, right behind */
	struct built_section sections[] = {
		{ .name = ".eh_frame_hdr",
		  .bytes = header,
		  .size = sizeof(header),
		  .segment_type = PT_GNU_EH_FRAME },
		{ .name = size && (data[0] & 2) ? ".debug_frame" : ".eh_frame",
		  .bytes = data + 1,
		  .size = size - 1 },
		{ .name = ".text", .bytes = text, .size = sizeof(text) },
	};

	if (size < 2)
		return 0;
	elf_build(&elf, data[0] & 1 ? EM_AARCH64 : EM_X86_64, sections, 3, !(data[0] & 4));
	build_table(&elf);
	return 0;
}
