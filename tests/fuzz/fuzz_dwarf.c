/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug information. The first byte tells which other files there are; then come the sections,
 * those of the binary before those that were split off, in the order below: two bytes for the
 * length of each, the low one first, and its bytes. What is missing is empty. Code is anywhere in
 * the binary.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_builder.h"
#include "profiler/base/array.h"
#include "profiler/base/file.h"
#include "unwind/byte_cursor.h"
#include "unwind/debug_files.h"
#include "unwind/debug_reference.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file_build.h"

#define SYMBOL_FILE_MAX_BYTES (16UL << 20)

enum {
	HAS_OBJECT = 1,
	HAS_PACKAGE = 2,
	HAS_ALTERNATE = 4, /* the binary itself */
};

static const char *const names[] = { ".debug_info",     ".debug_abbrev",      ".debug_line",
				     ".debug_str",      ".debug_line_str",    ".debug_ranges",
				     ".debug_rnglists", ".debug_str_offsets", ".debug_addr" };
static const char *const split_names[] = { ".debug_info.dwo",     ".debug_abbrev.dwo",
					   ".debug_str.dwo",      ".debug_str_offsets.dwo",
					   ".debug_rnglists.dwo", ".debug_cu_index" };
static const uint8_t text[4096];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct built_file {
	int fd;
	struct elf_file *elf;
};

/* Make a file of sections that are taken from @data, and one with code. */
static struct built_file build_file(struct byte_cursor *data, const char *const *section_names,
				    size_t n)
{
	struct built_section sections[ARRAY_SIZE(names) + 1] = { 0 };
	struct built_file file = { .fd = memfd_create("elf", MFD_CLOEXEC) };
	struct buffer elf = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t length = byte_cursor_number(data, 2);

		length = length < byte_cursor_left(data) ? length : byte_cursor_left(data);
		sections[i].name = section_names[i];
		sections[i].bytes = byte_cursor_take(data, length);
		sections[i].size = length;
	}
	sections[n] = (struct built_section){ ".text", text, sizeof(text), 0 };
	elf_build(&elf, EM_X86_64, sections, n + 1, 1);
	if (file_write_fd(file.fd, elf.data, elf.size) < 0 || elf_file_open(file.fd, &file.elf) < 0)
		file.elf = NULL;
	buffer_fini(&elf);
	return file;
}

static void close_file(struct built_file *file)
{
	elf_file_free(file->elf);
	close(file->fd);
}

static void build_symbols(const struct debug_files *files)
{
	struct buffer bytes = { .limit = SYMBOL_FILE_MAX_BYTES };
	struct debug_reference references[4];
	struct symbol_build_report report;

	symbol_file_build(files, SYMBOL_LINES, &bytes, &report);
	buffer_fini(&bytes);
	debug_references_read(files, references, ARRAY_SIZE(references));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_cursor cursor = byte_cursor_at(data, size);
	uint8_t others = byte_cursor_u8(&cursor);
	struct built_file binary = build_file(&cursor, names, ARRAY_SIZE(names));
	struct built_file split = build_file(&cursor, split_names, ARRAY_SIZE(split_names));
	struct debug_files files = {
		.binary = binary.elf,
		.objects = &split.elf,
		.n_objects = others & HAS_OBJECT ? 1 : 0,
		.package = others & HAS_PACKAGE ? split.elf : NULL,
		.alternate = others & HAS_ALTERNATE ? binary.elf : NULL,
	};

	if (binary.elf && split.elf)
		build_symbols(&files);
	close_file(&binary);
	close_file(&split);
	return 0;
}
