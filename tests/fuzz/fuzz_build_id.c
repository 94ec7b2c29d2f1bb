/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's file, of which the role with privileges reads the build id. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/build_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(closep) int fd = memfd_create("elf", MFD_CLOEXEC);
	struct build_id id;

	if (file_write_fd(fd, data, size) == 0 && build_id_read(fd, &id) == 0)
		assert(id.n_bytes > 0 && id.n_bytes <= BUILD_ID_MAX_BYTES);
	if (build_id_find(data, size, 8, &id))
		assert(id.n_bytes > 0 && id.n_bytes <= BUILD_ID_MAX_BYTES);
	return 0;
}
