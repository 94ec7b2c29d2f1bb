/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "profiler/base/buffer.h"
#include "unwind/symbol_file_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_range *ranges = NULL;
	struct buffer bytes = { 0 };
	size_t n_ranges = 0;

	symbol_file_build_kernel((const char *)data, size, &bytes, &ranges, &n_ranges);
	for (size_t i = 0; i < n_ranges; i++) {
		assert(ranges[i].start_addr < ranges[i].end_addr);
		assert(i == 0 || ranges[i - 1].end_addr <= ranges[i].start_addr);
	}
	free(ranges);
	buffer_fini(&bytes);
	return 0;
}
