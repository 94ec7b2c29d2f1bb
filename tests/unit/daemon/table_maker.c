/* SPDX-License-Identifier: Apache-2.0 */
#include "table_maker.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/unwind_table.h"
#include "profiler/base/file.h"

#define CHUNK_BYTES (1U << UNWIND_CHUNK_SHIFT)

/* Bytes between two rows. */
static uint32_t stride_of(const struct table_shape *shape)
{
	return CHUNK_BYTES / shape->n_rows;
}

static void fill_chunk(const struct table_shape *shape, void *chunk)
{
	uint16_t *first_row = chunk;
	uint8_t *low = (uint8_t *)chunk + UNWIND_CHUNK_LOW_OFF;
	uint16_t *rule = (uint16_t *)(low + UNWIND_CHUNK_LOW_BYTES(shape->n_rows));
	uint32_t bucket = 0;

	for (uint32_t row = 0; row < shape->n_rows; row++) {
		uint32_t off = row * stride_of(shape);

		for (; bucket < off >> UNWIND_BUCKET_SHIFT; bucket++)
			first_row[bucket + 1] = (uint16_t)row;
		low[row] = (uint8_t)off;
		rule[row] = (uint16_t)(1 + row % shape->n_rules);
	}
	for (; bucket < UNWIND_BUCKETS; bucket++)
		first_row[bucket + 1] = (uint16_t)shape->n_rows;
}

void table_maker_make(const struct table_shape *shape, struct buffer *ret_bytes)
{
	const uint32_t n_rules = shape->n_rules + 1;
	const size_t chunks_off = UNWIND_TABLE_CHUNKS_OFF(n_rules, shape->n_chunks);
	const size_t chunk_bytes = UNWIND_CHUNK_LOW_OFF + UNWIND_CHUNK_LOW_BYTES(shape->n_rows) +
				   UNWIND_CHUNK_RULE_BYTES(shape->n_rows);
	const size_t size = chunks_off + shape->n_chunks * chunk_bytes;
	uint8_t *bytes = buffer_append_zeros(ret_bytes, size);
	struct unwind_rule *rules;
	uint32_t *offs;

	assert(bytes);
	*(struct unwind_table_header *)bytes = (struct unwind_table_header){
		.magic = UNWIND_TABLE_MAGIC,
		.n_rules = n_rules,
		.n_chunks = shape->n_chunks,
		.n_rows = shape->n_chunks * shape->n_rows,
		.size_bytes = (uint32_t)size,
	};
	rules = (struct unwind_rule *)(bytes + sizeof(struct unwind_table_header));
	for (uint32_t i = 1; i < n_rules; i++)
		rules[i] = (struct unwind_rule){
			.cfa_kind = UNWIND_CFA_SP,
			.cfa_off = 8 * (shape->first_rule + (int32_t)i),
		};
	offs = (uint32_t *)(rules + n_rules);
	for (uint32_t i = 0; i < shape->n_chunks; i++) {
		offs[i] = (uint32_t)(chunks_off + i * chunk_bytes);
		fill_chunk(shape, bytes + offs[i]);
	}
}

int32_t table_maker_rule_at(const struct table_shape *shape, uint64_t file_off)
{
	uint32_t row = (uint32_t)(file_off % CHUNK_BYTES) / stride_of(shape);

	if (row >= shape->n_rows)
		row = shape->n_rows - 1;
	return shape->first_rule + (int32_t)(1 + row % shape->n_rules);
}

int table_maker_memfd(const void *bytes, size_t size)
{
	int fd = memfd_create("table", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert(fd >= 0 && file_write_fd(fd, bytes, size) == 0);
	assert(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ==
	       0);
	return fd;
}
