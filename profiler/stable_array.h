/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stable array: items that never move while others are added behind them.
 *
 * One thread adds; any thread reads items which it has been told of, without a lock. Blocks double
 * in size, so that an index finds its block by its highest bit.
 */

#include <stddef.h>
#include <stdint.h>

#define STABLE_ARRAY_BLOCKS 26 /* the first has 64 items: 2^32 in all */

struct stable_array {
	size_t item_bytes;
	uint32_t count;    /* the adding thread's */
	uint32_t n_blocks; /* likewise */
	void *blocks[STABLE_ARRAY_BLOCKS];
};

/* Works on a zeroed struct. */
void stable_array_fini(struct stable_array *array);

/*
 * Add a zeroed item; the struct needs nothing but its item_bytes to be set before.
 *
 * Returns 0 and sets *@ret_item (borrowed: lives as long as @array), its index being the count
 * before, or -ENOMEM.
 */
int stable_array_add(struct stable_array *array, void **ret_item);

/* The item at @index, which must have been added. */
void *stable_array_get(const struct stable_array *array, uint32_t index);

/* Memory in use. */
size_t stable_array_bytes(const struct stable_array *array);
