/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a jitdump, in memory and as a file that is copied first: what comes of it is a
 * symbol file, or nothing. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/file.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump.h"
#include "unwind/jitdump_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_dump(const uint8_t *data, size_t size)
{
	struct jit_report report = { 0 };
	struct buffer bytes = { 0 };
	struct jit_code *code;

	if (jit_code_new(&report, &code) < 0)
		return;
	if (jitdump_read(data, size, code, &report) == 0 && jit_code_finish(code, &bytes) == 0)
		assert(report.entries[JIT_ENTRY_TAKEN] > 0 && bytes.size > 0);
	jit_code_free(code);
	buffer_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jit_report report = { 0 };
	struct buffer copy = { 0 };
	int fd = memfd_create("dump", MFD_CLOEXEC);

	read_dump(data, size);
	if (fd >= 0 && file_write_fd(fd, data, size) == 0 &&
	    jitdump_copy(fd, size, &copy, &report) == 0) {
		assert(copy.size <= size);
		read_dump((const uint8_t *)copy.data, copy.size);
	}
	buffer_fini(&copy);
	if (fd >= 0)
		close(fd);
	return 0;
}
