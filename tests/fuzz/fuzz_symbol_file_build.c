/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/file.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_glance.h"

#define SYMBOL_FILE_MAX_BYTES (16UL << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(struct elf_file *file, enum symbol_depth depth)
{
	struct buffer bytes = { .limit = SYMBOL_FILE_MAX_BYTES };
	struct symbol_build_report report;

	symbol_file_build(&(struct debug_files){ .binary = file }, depth, &bytes, &report);
	buffer_fini(&bytes);
}

/* At places that the file itself says. */
static void glance(struct elf_file *file, const uint8_t *data, size_t size)
{
	struct buffer bytes = { .limit = SYMBOL_FILE_MAX_BYTES };
	uint64_t places[SYMBOL_GLANCE_MAX_PLACES] = { 0 };

	for (size_t i = 0; i < SYMBOL_GLANCE_MAX_PLACES && 2 * i + 2 <= size; i++)
		memcpy(&places[i], data + size - 2 * i - 2, 2);
	symbol_glance_build(&(struct debug_files){ .binary = file }, places,
			    SYMBOL_GLANCE_MAX_PLACES, &bytes);
	buffer_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_file *file;

	if (file_write_fd(fd, data, size) == 0 && elf_file_open(fd, &file) == 0) {
		glance(file, data, size);
		build(file, SYMBOL_FUNCTIONS);
		build(file, SYMBOL_LINES);
		elf_file_free(file);
	}
	close(fd);
	return 0;
}
