/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Rule look-up: from a place in a file to its rule, through the maps.
 */

#include "bpf/unwind_maps.h"
#include "bpf/unwind_step.h"

/* The piece that holds @table_off, or NULL. */
static __always_inline uint8_t *shard_of(uint64_t table_off)
{
	uint32_t index = table_off >> UNWIND_SHARD_SHIFT, zero = 0;
	void *shard = bpf_map_lookup_elem(&unwind_shards, &index);

	return shard ? bpf_map_lookup_elem(shard, &zero) : NULL;
}

/* Eight bytes that are each ≤ that of @key_bytes, of the first @n_valid: how many. */
static __always_inline uint32_t count_not_above(uint64_t bytes, uint64_t key_bytes,
						uint32_t n_valid)
{
	const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
	uint64_t low_not_above = (key_bytes | tops) - (bytes & ~tops);
	uint64_t not_above = ((key_bytes & ~bytes) | (~(bytes ^ key_bytes) & low_not_above)) & tops;

	not_above >>= 7;
	if (n_valid < 8)
		not_above &= (1ULL << (8 * n_valid)) - 1;
	return (not_above * ones) >> 56;
}

#define SHARD_READ(shard, off, type)                                                               \
	({                                                                                         \
		uint64_t off_ = (off);                                                             \
		WALK_KEEP(off_);                                                                   \
		off_ > UNWIND_SHARD_BYTES - sizeof(type) ? 0 : *(type *)((shard) + off_);          \
	})

/* The row of @file_off in the chunk at @chunk, from 1; 0 if there is none. */
static __always_inline uint32_t find_row(uint8_t *shard, uint64_t chunk, uint64_t file_off)
{
	uint64_t bucket = (file_off >> UNWIND_BUCKET_SHIFT) & (UNWIND_BUCKETS - 1);
	uint64_t key_bytes = (file_off & 255) * 0x0101010101010101ULL;
	uint32_t row = SHARD_READ(shard, chunk + 2 * bucket, uint16_t);
	uint32_t end = SHARD_READ(shard, chunk + 2 * bucket + 2, uint16_t);
	uint32_t found = row;

	for (int i = 0; i < 32; i++) { /* 256 rows at most, 8 at a time */
		uint32_t n;

		if (row >= end)
			break;
		n = count_not_above(SHARD_READ(shard, chunk + UNWIND_CHUNK_LOW_OFF + row, uint64_t),
				    key_bytes, end - row);
		found += n;
		if (n < 8)
			break;
		row += 8;
	}
	return found;
}

static __always_inline uint64_t find_rule_in_table(const struct walk_mapping *mapping,
						   uint64_t file_off)
{
	uint64_t chunk_number = file_off >> UNWIND_CHUNK_SHIFT;
	uint64_t directory = (uint64_t)mapping->table * 8, chunk;
	uint32_t n_rows, row, rule;
	uint8_t *shard;
	uint64_t *found;

	if (chunk_number >= mapping->n_chunks)
		return 0;
	shard = shard_of(directory);
	if (!shard)
		return 0;
	chunk = (uint64_t)SHARD_READ(shard, (directory & UNWIND_SHARD_MASK) + chunk_number * 4,
				     uint32_t) *
		8;
	if (!chunk)
		return 0;
	if ((chunk ^ directory) >> UNWIND_SHARD_SHIFT)
		shard = shard_of(chunk);
	if (!shard)
		return 0;
	chunk &= UNWIND_SHARD_MASK;
	row = find_row(shard, chunk, file_off);
	if (!row)
		return 0;
	n_rows = SHARD_READ(shard, chunk + 2 * UNWIND_BUCKETS, uint16_t);
	rule = SHARD_READ(shard, chunk + UNWIND_CHUNK_RULES_OFF(n_rows) + 2 * (uint64_t)(row - 1),
			  uint16_t);
	found = bpf_map_lookup_elem(&unwind_rules, &rule);
	return found ? *found : 0;
}
