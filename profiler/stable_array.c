/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/stable_array.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BITS 6

/* Block k holds the 2^(k + FIRST_BITS) items from index 2^(k + FIRST_BITS) − 2^FIRST_BITS on. */
static uint32_t block_of(uint64_t shifted_index)
{
	return 63 - (uint32_t)__builtin_clzll(shifted_index) - FIRST_BITS;
}

static uint64_t shift(uint32_t index)
{
	return (uint64_t)index + (1U << FIRST_BITS);
}

void stable_array_fini(struct stable_array *array)
{
	for (uint32_t i = 0; i < array->n_blocks; i++)
		free(array->blocks[i]);
	*array = (struct stable_array){ 0 };
}

int stable_array_add(struct stable_array *array, void **ret_item)
{
	uint32_t block = block_of(shift(array->count));

	if (block >= STABLE_ARRAY_BLOCKS)
		return -ENOMEM;
	if (block == array->n_blocks) {
		array->blocks[block] = calloc(1UL << (block + FIRST_BITS), array->item_bytes);
		if (!array->blocks[block])
			return -ENOMEM;
		array->n_blocks++;
	}
	*ret_item = stable_array_get(array, array->count++);
	return 0;
}

void *stable_array_get(const struct stable_array *array, uint32_t index)
{
	uint64_t shifted = shift(index);
	uint32_t block = block_of(shifted);

	return (char *)array->blocks[block] +
	       (shifted - (1ULL << (block + FIRST_BITS))) * array->item_bytes;
}

size_t stable_array_bytes(const struct stable_array *array)
{
	return ((1UL << array->n_blocks) - 1) * (1UL << FIRST_BITS) * array->item_bytes;
}
