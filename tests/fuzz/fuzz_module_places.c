/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/elf_file.h"
#include "unwind/module_places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file, with the sections as they were loaded behind its last NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *last = memrchr(data, '\0', size);
	struct module_place places[MODULE_MAX_PLACES];
	size_t file_bytes = last ? (size_t)(last - data) + 1 : size, n = 0;
	struct elf_file *module;
	char *file = malloc(size + 1);

	memcpy(file, data, size);
	if (elf_file_open_bytes(file, file_bytes, &module) == 0) {
		(void)module_places_find(module, file + file_bytes, size - file_bytes, places, &n);
		elf_file_free(module);
	}
	for (size_t i = 0; i < n; i++) {
		assert(places[i].start_addr < places[i].end_addr);
		assert(i == 0 || places[i - 1].start_addr <= places[i].start_addr);
	}
	free(file);
	return 0;
}
