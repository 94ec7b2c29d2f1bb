/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled table from elsewhere: if it passes, all of it can be read, found and copied. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "unwind/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy_chunks(const void *table)
{
	const struct unwind_table_header *header = table;
	_cleanup_(freep) uint16_t *remap = malloc(header->n_rules * sizeof(*remap));
	struct unwind_chunk chunk;

	for (uint32_t i = 0; i < header->n_rules; i++)
		remap[i] = (uint16_t)i;
	for (uint32_t i = 0; unwind_table_next_chunk(table, i, &chunk); i = chunk.chunk_i + 1) {
		_cleanup_(freep) void *copy = malloc(chunk.size_bytes);

		assert(chunk.size_bytes <= UNWIND_MAX_CHUNK_BYTES);
		unwind_chunk_copy(&chunk, remap, copy);
		assert(memcmp(copy, chunk.bytes, chunk.size_bytes) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) void *table = malloc(size ? size : 1); /* aligned */

	if (size)
		memcpy(table, data, size);
	if (unwind_table_check(table, size) < 0)
		return 0;
	for (uint64_t off = 0; off < 4 << UNWIND_CHUNK_SHIFT; off += 61)
		assert(unwind_table_find(table, off)->cfa_kind < UNWIND_CFA_KIND_COUNT);
	assert(unwind_table_find(table, UINT64_MAX)->cfa_kind == UNWIND_CFA_NONE);
	copy_chunks(table);
	return 0;
}
