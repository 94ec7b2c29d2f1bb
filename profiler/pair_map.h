/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pair map: from a pair of integers to the index of an item that lies elsewhere.
 *
 * Keys are never removed, so nothing is kept but the slots: 24 bytes each, at most two thirds of
 * them in use. A zeroed struct is an empty map.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pair_key {
	uint64_t a;
	uint64_t b;
};

struct pair_slot;

struct pair_map {
	struct pair_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t count;   /* keys */
};

void pair_map_fini(struct pair_map *map);

/* Whether @key is there; sets *@ret_index only if so. Any number of threads may ask at once. */
bool pair_map_find(const struct pair_map *map, struct pair_key key, uint32_t *ret_index);

/*
 * Find @key, or add it with @new_index. Sets *@ret_index to what it has now.
 *
 * Returns 0 if it was there, 1 if it was added, or -ENOMEM.
 */
int pair_map_find_or_add(struct pair_map *map, struct pair_key key, uint32_t new_index,
			 uint32_t *ret_index);

/* Memory in use. */
size_t pair_map_bytes(const struct pair_map *map);
