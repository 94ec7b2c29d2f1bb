/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/demangle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[DEMANGLE_MAX_BYTES], *symbol = strndup((const char *)data, size);

	if (!symbol)
		return 0;
	demangle(symbol, name);
	for (size_t i = 0; name[i]; i++)
		assert((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
	free(symbol);
	return 0;
}
