/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/file.h"
#include "unwind/name_index.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that is given must be readable. */
static void read_frames(const struct symbol_file *file, uint64_t elf_vaddr)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	size_t n = symbol_file_find(file, elf_vaddr, frames, ARRAY_SIZE(frames));

	for (size_t i = 0; i < n; i++)
		assert(strlen(frames[i].function) + strlen(frames[i].directory) +
			       strlen(frames[i].filename) <=
		       3 * symbol_file_bytes(file));
}

/* A name that the file has may be that of an inlined function only. */
static void find_by_name(const struct symbol_file *file, const char *name)
{
	struct name_index *index;
	struct code_range range;

	if (name_index_new(file, &index) < 0)
		return;
	(void)name_index_find(index, file, name, &range);
	name_index_free(index);
}

/* A range holds what it was found by. */
static void find_ranges(const struct symbol_file *file, uint64_t elf_vaddr)
{
	struct symbol_frame frame;
	struct code_range range;

	if (symbol_file_find_function(file, elf_vaddr, &range))
		assert(elf_vaddr >= range.start_vaddr && elf_vaddr < range.end_vaddr);
	if (symbol_file_find(file, elf_vaddr, &frame, 1) != 1)
		return;
	find_by_name(file, frame.function);
	(void)symbol_file_has_source(file, frame.filename);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("symbols", MFD_CLOEXEC);
	struct symbol_file *file;

	if (file_write_fd(fd, data, size) == 0 && symbol_file_map(fd, &file) == 0) {
		struct gsym_header header;

		memcpy(&header, data, sizeof(header));
		for (uint64_t offset = 0; offset < 512; offset += 3)
			read_frames(file, header.base_address + offset);
		find_ranges(file, header.base_address + 1);
		(void)symbol_file_has_source(file, "/src/a.c");
		read_frames(file, UINT64_MAX);
		symbol_file_free(file);
	}
	close(fd);
	return 0;
}
