/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/utf8.h"

#define FIRST_BYTES (4UL << 10)
#define MOST_BYTES  (64UL << 10) /* larger blocks than this only for larger pieces */

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data[] */
	alignas(max_align_t) char data[];
};

void arena_fini(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){ 0 };
}

/* Blocks double with the arena, so that a small one stays small. */
static struct arena_block *block_add(struct arena *arena, size_t size)
{
	size_t block_bytes = arena->bytes < FIRST_BYTES ? FIRST_BYTES : arena->bytes;
	struct arena_block *block;

	if (block_bytes > MOST_BYTES)
		block_bytes = MOST_BYTES;
	block_bytes -= sizeof(*block);
	if (block_bytes < size)
		block_bytes = size;
	block = malloc(sizeof(*block) + block_bytes);
	if (!block)
		return NULL;
	array_populate(block, sizeof(*block) + block_bytes);
	block->size = block_bytes;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->free_bytes = block_bytes;
	arena->bytes += sizeof(*block) + block_bytes;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!block || arena->free_bytes < size) {
		block = block_add(arena, size);
		if (!block)
			return NULL;
	}
	piece = block->data + block->size - arena->free_bytes;
	arena->free_bytes -= size;
	return piece;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(arena, size);

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	utf8_sanitize(copy);
	return copy;
}
