/* SPDX-License-Identifier: Apache-2.0 */
/* A text of /proc/PID/maps: whatever it holds, the table is sorted, and every mapping is found. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct mapping_table *table)
{
	uint64_t end_pc = 0;

	for (size_t i = 0; i < mapping_table_count(table); i++) {
		const struct mapping *mapping = mapping_table_get(table, i);

		if (mapping->start_pc < end_pc || mapping->end_pc <= mapping->start_pc ||
		    mapping_table_find(table, mapping->start_pc) != mapping ||
		    mapping_table_find(table, mapping->end_pc - 1) != mapping ||
		    strlen(mapping->path) >= mapping_table_bytes(table))
			abort();
		end_pc = mapping->end_pc;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int selection = MAPPINGS_ALL; selection <= MAPPINGS_EXECUTABLE; selection++) {
		_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

		if (mapping_table_parse((const char *)data, size, selection, &table) == 0)
			check(table);
	}
	return 0;
}
