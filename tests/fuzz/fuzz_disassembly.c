/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file, all of whose code is disassembled: lines follow one another and end in time. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/file.h"
#include "unwind/disassembly.h"
#include "unwind/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lines(const struct elf_file *file, struct code_range range)
{
	struct buffer lines = { .limit = 1 << 20 };
	const struct code_line *line;
	uint64_t next_vaddr = range.start_vaddr;

	if (disassembly_append(file, range, &lines) == 0) {
		line = (const void *)lines.data;
		for (size_t i = 0; i < lines.size / sizeof(*line); i++, line++) {
			assert(line->elf_vaddr == next_vaddr && line->n_bytes);
			assert(line->n_bytes <= CODE_LINE_MAX_BYTES);
			assert(strnlen(line->text, sizeof(line->text)) < sizeof(line->text));
			next_vaddr += line->n_bytes;
		}
		assert(next_vaddr <= range.end_vaddr);
	}
	buffer_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_file *file;

	disassembly_load(); /* no more than the first time */
	if (file_write_fd(fd, data, size) == 0 && elf_file_open(fd, &file) == 0) {
		const struct elf_description *description = elf_file_describe(file);

		for (uint32_t i = 0; i < description->n_segments; i++) {
			const struct elf_segment *segment = &description->segments[i];

			read_lines(file,
				   (struct code_range){ segment->elf_vaddr,
							segment->elf_vaddr + segment->size_bytes });
		}
		elf_file_free(file);
	}
	close(fd);
	return 0;
}
