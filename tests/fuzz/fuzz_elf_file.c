/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/file.h"
#include "unwind/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_file *file;

	if (file_write_fd(fd, data, size) == 0 && elf_file_open(fd, &file) == 0) {
		const struct elf_description *description = elf_file_describe(file);

		assert(description->build_id.n_bytes <= BUILD_ID_MAX_BYTES);
		assert(description->n_segments <= ELF_FILE_MAX_SEGMENTS);
		elf_file_free(file);
	}
	close(fd);
	return 0;
}
