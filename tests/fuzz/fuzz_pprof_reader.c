/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pprof file, unpacked: whatever ids and numbers it has, the profile refers to what is there.
 */
#include "import/pprof_reader.h"
#include "reader_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader_check(pprof_read, data, size);
	return 0;
}
