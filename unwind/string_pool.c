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

/* FNV-1a, folded: its low bits alone are weak. */
static size_t hash_of(const char *text, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3ULL;
	return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the string, or the free one where it would go. */
static uint32_t *find_slot(const struct string_pool *pool, const char *text, size_t length)
{
	size_t i = hash_of(text, length) & (pool->n_slots - 1);

	for (; pool->slots[i]; i = (i + 1) & (pool->n_slots - 1)) {
		const char *other = pool->bytes.data + pool->slots[i];

		if (strncmp(other, text, length) == 0 && other[length] == '\0')
			break;
	}
	return &pool->slots[i];
}

static int grow(struct string_pool *pool)
{
	struct string_pool larger = *pool;

	larger.n_slots = pool->n_slots ? pool->n_slots * 2 : 256;
	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_slots; i++) {
		const char *text = pool->bytes.data + pool->slots[i];

		if (pool->slots[i])
			*find_slot(&larger, text, strlen(text)) = pool->slots[i];
	}
	free(pool->slots);
	*pool = larger;
	return 0;
}

int string_pool_add(struct string_pool *pool, const char *text, size_t length, uint32_t *ret_offset)
{
	uint32_t *slot;
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
	slot = find_slot(pool, text, length);
	if (!*slot) {
		size_t offset = pool->bytes.size;

		if (offset + length >= UINT32_MAX)
			return -EFBIG;
		buffer_append(&pool->bytes, text, length);
		buffer_append_char(&pool->bytes, '\0');
		if (buffer_error(&pool->bytes))
			return buffer_error(&pool->bytes);
		*slot = (uint32_t)offset;
		pool->n_used++;
	}
	*ret_offset = *slot;
	return 0;
}
