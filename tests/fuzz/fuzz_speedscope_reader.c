/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speedscope's JSON: frames that are not there, events that close what never opened.
 */
#include "import/speedscope_reader.h"
#include "reader_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader_check(speedscope_read, data, size);
	return 0;
}
