/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What perf script prints: events and frames of whatever shape.
 */
#include "import/perf_reader.h"
#include "reader_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader_check(perf_read, data, size);
	return 0;
}
