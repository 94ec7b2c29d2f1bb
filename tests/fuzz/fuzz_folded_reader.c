/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folded stacks: marks, escapes and counts of whatever kind.
 */
#include "import/folded_reader.h"
#include "reader_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader_check(folded_read, data, size);
	return 0;
}
