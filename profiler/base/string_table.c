/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/string_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

#define FIRST_SLOTS 16

/* Texts lie in blocks, which double in size. */
#define FIRST_BLOCK_BYTES 256
#define MOST_BLOCK_BYTES  (64UL << 10)

struct string_block {
	struct string_block *next;
	size_t size; /* of text[] */
	char text[];
};

struct string_slot {
	uint32_t hash;
	uint32_t next_number; /* that of its string, and one; 0: free */
};

struct string_table {
	struct string_slot *slots;
	size_t n_slots; /* a power of two; at most two thirds of them are in use */
	char **by_number;
	size_t capacity;
	uint32_t count;
	struct string_block *blocks; /* the last one first */
	size_t free_bytes;           /* in the first of them */
	size_t block_bytes;          /* of all */
};

DEFINE_CLEANUP(struct string_table *, string_table_free)

int string_table_new(struct string_table **ret_table)
{
	_cleanup_(string_table_freep) struct string_table *table = calloc(1, sizeof(*table));
	uint32_t empty;
	int r;

	if (!table)
		return -ENOMEM;
	r = string_table_add(table, "", &empty);
	if (r < 0)
		return r;
	*ret_table = steal(table);
	return 0;
}

struct string_table *string_table_free(struct string_table *table)
{
	if (!table)
		return NULL;
	for (struct string_block *block = table->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(table->by_number);
	free(table->slots);
	free(table);
	return NULL;
}

/* Eight bytes at a time: names of C++ are long. */
static uint32_t hash_text(const char *text, size_t length)
{
	uint64_t hash = length, word;

	for (; length >= sizeof(word); text += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, text, length);
	hash = (hash ^ word) * 0xd6e8feb86659fd93;
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the string, or the free one where it belongs. */
static struct string_slot *slot_find(const struct string_table *table, uint32_t hash,
				     const char *text, size_t length)
{
	size_t mask = table->n_slots - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct string_slot *slot = &table->slots[i];
		const char *other;

		if (!slot->next_number)
			return slot;
		if (slot->hash != hash)
			continue;
		other = table->by_number[slot->next_number - 1];
		if (strncmp(other, text, length) == 0 && !other[length])
			return slot;
	}
}

static int slots_grow(struct string_table *table)
{
	size_t n_slots = table->n_slots ? table->n_slots * 2 : FIRST_SLOTS;
	struct string_slot *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	array_populate(slots, n_slots * sizeof(*slots)); /* hashes lie all over it */
	for (size_t i = 0; i < table->n_slots; i++) {
		size_t at = table->slots[i].hash & (n_slots - 1);

		if (!table->slots[i].next_number)
			continue;
		while (slots[at].next_number)
			at = (at + 1) & (n_slots - 1);
		slots[at] = table->slots[i];
	}
	free(table->slots);
	table->slots = slots;
	table->n_slots = n_slots;
	return 0;
}

/* Room for @size bytes, or NULL. */
static char *take_room(struct string_table *table, size_t size)
{
	struct string_block *block = table->blocks;
	size_t block_size;

	if (table->free_bytes < size) {
		block_size = block && block->size * 2 <= MOST_BLOCK_BYTES ? block->size * 2
			     : block                                      ? MOST_BLOCK_BYTES
									  : FIRST_BLOCK_BYTES;
		if (block_size < size)
			block_size = size;
		block = malloc(sizeof(*block) + block_size);
		if (!block)
			return NULL;
		array_populate(block, sizeof(*block) + block_size);
		*block = (struct string_block){ table->blocks, block_size };
		table->blocks = block;
		table->free_bytes = block_size;
		table->block_bytes += sizeof(*block) + block_size;
	}
	table->free_bytes -= size;
	return block->text + block->size - table->free_bytes - size;
}

int string_table_add(struct string_table *table, const char *text, uint32_t *ret_string)
{
	return string_table_add_n(table, text, strlen(text), ret_string);
}

int string_table_add_n(struct string_table *table, const char *text, size_t length,
		       uint32_t *ret_string)
{
	uint32_t hash = hash_text(text, length);
	struct string_slot *slot;
	char *copy;
	int r = 0;

	if ((table->count + 1UL) * 3 > table->n_slots * 2)
		r = slots_grow(table);
	if (r < 0)
		return r;
	slot = slot_find(table, hash, text, length);
	if (slot->next_number) {
		*ret_string = slot->next_number - 1;
		return 0;
	}
	if (table->count == UINT32_MAX)
		return -ENOMEM;
	r = array_reserve((void **)&table->by_number, &table->capacity, table->count + 1UL,
			  sizeof(*table->by_number));
	if (r < 0)
		return r;
	copy = take_room(table, length + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	copy[length] = '\0';
	table->by_number[table->count] = copy;
	*ret_string = table->count++;
	*slot = (struct string_slot){ hash, table->count };
	return 0;
}

const char *string_table_get(const struct string_table *table, uint32_t string)
{
	assert(string < table->count);
	return table->by_number[string];
}

uint32_t string_table_count(const struct string_table *table)
{
	return table->count;
}

size_t string_table_bytes(const struct string_table *table)
{
	return sizeof(*table) + table->block_bytes + table->n_slots * sizeof(*table->slots) +
	       table->capacity * sizeof(*table->by_number);
}
