/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a jitdump: what comes of it is a symbol file, or nothing. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jit_report report = { 0 };
	struct buffer bytes = { 0 };
	struct jit_code *code;

	if (jit_code_new(&report, &code) < 0)
		return 0;
	if (jitdump_read(data, size, code, &report) == 0 && jit_code_finish(code, &bytes) == 0)
		assert(report.entries[JIT_ENTRY_TAKEN] > 0 && bytes.size > 0);
	jit_code_free(code);
	buffer_fini(&bytes);
	return 0;
}
