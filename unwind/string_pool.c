/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/string_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void string_pool_fini(struct string_pool *pool)
{
	buffer_fini(&pool->bytes);
	free(pool->slots);
	*pool = (struct string_pool){ 0 };
}

/* Folded, since the low bits of a product know little of the high ones. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static uint32_t hash_of(const char *text, size_t length)
{
	uint64_t hash = length, word;

	for (; length > sizeof(word); text += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, text, length);
	return (uint32_t)mix(hash, word);
}

/* The slot that holds the string, or the free one where it would go. */
static struct string_slot *find_slot(const struct string_pool *pool, uint32_t hash,
				     const char *text, size_t length)
{
	size_t i = hash & (pool->n_slots - 1);

	for (; pool->slots[i].offset; i = (i + 1) & (pool->n_slots - 1)) {
		const char *other = pool->bytes.data + pool->slots[i].offset;

		if (pool->slots[i].hash == hash && strncmp(other, text, length) == 0 &&
		    other[length] == '\0')
			break;
	}
	return &pool->slots[i];
}

static int grow(struct string_pool *pool)
{
	size_t n_slots = pool->n_slots ? pool->n_slots * 2 : 256;
	struct string_slot *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_slots; i++) {
		size_t k = pool->slots[i].hash & (n_slots - 1);

		if (!pool->slots[i].offset)
			continue;
		while (slots[k].offset)
			k = (k + 1) & (n_slots - 1);
		slots[k] = pool->slots[i];
	}
	free(pool->slots);
	pool->slots = slots;
	pool->n_slots = n_slots;
	return 0;
}

/* The first is the empty one, at 0. */
static int append_text(struct string_pool *pool, const char *text, size_t length,
		       uint32_t *ret_offset)
{
	size_t offset = pool->bytes.size;

	if (offset + length >= UINT32_MAX)
		return -EFBIG;
	buffer_append(&pool->bytes, text, length);
	buffer_append_char(&pool->bytes, '\0');
	if (buffer_error(&pool->bytes))
		return buffer_error(&pool->bytes);
	*ret_offset = (uint32_t)offset;
	return 0;
}

int string_pool_add(struct string_pool *pool, const char *text, size_t length, uint32_t *ret_offset)
{
	struct string_slot *slot;
	uint32_t hash;
	int r;

	if (!pool->bytes.size)
		buffer_append_char(&pool->bytes, '\0');
	length = strnlen(text, length);
	if (!length) {
		*ret_offset = 0;
		return buffer_error(&pool->bytes);
	}
	r = pool->n_used >= pool->n_slots / 2 ? grow(pool) : 0;
	if (r < 0)
		return r;
	hash = hash_of(text, length);
	slot = find_slot(pool, hash, text, length);
	if (!slot->offset) {
		r = append_text(pool, text, length, &slot->offset);
		if (r < 0)
			return r;
		slot->hash = hash;
		pool->n_used++;
	}
	*ret_offset = slot->offset;
	return 0;
}
