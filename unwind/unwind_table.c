/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/unwind_table.h"

#include <errno.h>
#include <string.h>

/* The parts of a chunk, within its bytes. */
struct chunk_parts {
	const uint16_t *first_row; /* UNWIND_BUCKETS + 1 */
	const uint8_t *low;
	const uint16_t *rule;
	uint32_t n_rows;
	uint32_t rule_off;
	uint32_t size_bytes;
};

static struct chunk_parts chunk_parts_of(const void *chunk)
{
	struct chunk_parts parts = { .first_row = chunk };

	parts.n_rows = parts.first_row[UNWIND_BUCKETS];
	parts.rule_off = UNWIND_CHUNK_LOW_OFF + UNWIND_CHUNK_LOW_BYTES(parts.n_rows);
	parts.size_bytes = parts.rule_off + UNWIND_CHUNK_RULE_BYTES(parts.n_rows);
	parts.low = (const uint8_t *)chunk + UNWIND_CHUNK_LOW_OFF;
	parts.rule = (const uint16_t *)((const uint8_t *)chunk + parts.rule_off);
	return parts;
}

static const uint32_t *chunk_offs(const void *bytes)
{
	const struct unwind_table_header *header = bytes;

	return (const uint32_t *)(unwind_table_rules(bytes) + header->n_rules);
}

static bool buckets_are_sound(const struct chunk_parts *parts)
{
	/* What holds at the start of a chunk is its first row. */
	if (parts->first_row[0] != 0 || parts->first_row[1] == 0 || parts->low[0] != 0)
		return false;
	for (size_t b = 0; b < UNWIND_BUCKETS; b++) {
		uint16_t start = parts->first_row[b], end = parts->first_row[b + 1];

		if (end < start || end > parts->n_rows)
			return false;
		for (uint32_t row = start + 1U; row < end; row++)
			if (parts->low[row] <= parts->low[row - 1])
				return false;
	}
	return true;
}

static bool chunk_is_sound(const void *chunk, size_t room, uint32_t n_rules,
			   struct chunk_parts *ret_parts)
{
	struct chunk_parts parts;

	if (room < UNWIND_CHUNK_LOW_OFF)
		return false;
	parts = chunk_parts_of(chunk);
	if (parts.n_rows == 0 || parts.size_bytes > room || !buckets_are_sound(&parts))
		return false;
	for (uint32_t row = 0; row < parts.n_rows; row++)
		if (parts.rule[row] >= n_rules)
			return false;
	*ret_parts = parts;
	return true;
}

static bool rules_are_sound(const struct unwind_rule *rules, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (rules[i].cfa_kind >= UNWIND_CFA_KIND_COUNT)
			return false;
	return n > 0 && rules[0].cfa_kind == UNWIND_CFA_NONE;
}

int unwind_table_check(const void *bytes, size_t size)
{
	const struct unwind_table_header *header = bytes;
	const uint32_t *offs;
	uint64_t n_rows = 0;
	size_t end;

	if (size < sizeof(*header) || size > UNWIND_TABLE_MAX_BYTES ||
	    header->magic != UNWIND_TABLE_MAGIC || header->size_bytes != size ||
	    header->n_rules > UNWIND_MAX_FILE_RULES || header->n_chunks > UNWIND_MAX_CHUNKS)
		return -EBADMSG;
	end = UNWIND_TABLE_CHUNKS_OFF(header->n_rules, header->n_chunks);
	if (end > size || !rules_are_sound(unwind_table_rules(bytes), header->n_rules))
		return -EBADMSG;
	offs = chunk_offs(bytes);
	for (uint32_t i = 0; i < header->n_chunks; i++) {
		struct chunk_parts parts;

		if (offs[i] == 0)
			continue;
		/* One behind the other: so no byte is checked twice, nor counted twice later. */
		if (offs[i] != end || !chunk_is_sound((const uint8_t *)bytes + end, size - end,
						      header->n_rules, &parts))
			return -EBADMSG;
		end += parts.size_bytes;
		n_rows += parts.n_rows;
	}
	return end == size && n_rows == header->n_rows ? 0 : -EBADMSG;
}

const struct unwind_rule *unwind_table_rules(const void *bytes)
{
	return (const struct unwind_rule *)((const struct unwind_table_header *)bytes + 1);
}

uint16_t unwind_chunk_find(const void *chunk, uint64_t file_off)
{
	const struct chunk_parts parts = chunk_parts_of(chunk);
	uint32_t bucket = (file_off >> UNWIND_BUCKET_SHIFT) % UNWIND_BUCKETS;
	uint8_t low = (uint8_t)file_off;
	uint32_t row = parts.first_row[bucket];

	while (row < parts.first_row[bucket + 1] && parts.low[row] <= low)
		row++;
	return parts.rule[row - 1];
}

const struct unwind_rule *unwind_table_find(const void *bytes, uint64_t file_off)
{
	static const struct unwind_rule none = { .cfa_kind = UNWIND_CFA_NONE };
	const struct unwind_table_header *header = bytes;
	uint64_t chunk_i = file_off >> UNWIND_CHUNK_SHIFT;

	if (chunk_i >= header->n_chunks || chunk_offs(bytes)[chunk_i] == 0)
		return &none;
	return &unwind_table_rules(bytes)[unwind_chunk_find(
		(const uint8_t *)bytes + chunk_offs(bytes)[chunk_i], file_off)];
}

bool unwind_table_next_chunk(const void *bytes, uint32_t chunk_i, struct unwind_chunk *ret_chunk)
{
	const struct unwind_table_header *header = bytes;
	const uint32_t *offs = chunk_offs(bytes);

	while (chunk_i < header->n_chunks && offs[chunk_i] == 0)
		chunk_i++;
	if (chunk_i >= header->n_chunks)
		return false;
	ret_chunk->chunk_i = chunk_i;
	ret_chunk->bytes = (const uint8_t *)bytes + offs[chunk_i];
	ret_chunk->size_bytes = chunk_parts_of(ret_chunk->bytes).size_bytes;
	return true;
}

void unwind_chunk_copy(const struct unwind_chunk *chunk, const uint16_t *remap, void *to)
{
	struct chunk_parts parts = chunk_parts_of(chunk->bytes);
	uint16_t *to_rule = (uint16_t *)((uint8_t *)to + parts.rule_off);

	memcpy(to, chunk->bytes, chunk->size_bytes);
	for (uint32_t row = 0; row < parts.n_rows; row++)
		to_rule[row] = remap[parts.rule[row]];
}
