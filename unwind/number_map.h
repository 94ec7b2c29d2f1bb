/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Number map: from a 64-bit key to a 32-bit value, 16 bytes a slot, nothing ever removed.
 *
 * For the caches of a conversion, which hold millions: a hash table with a node for each entry
 * would take more memory than what it leads to.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_slot {
	uint64_t key;
	uint32_t value;
	bool is_used;
};

struct number_map {
	struct number_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t n_used;
};

/* Works on a zeroed struct; leaves a zeroed, empty map. */
void number_map_fini(struct number_map *map);

bool number_map_find(const struct number_map *map, uint64_t key, uint32_t *ret_value);

/* Set the value of @key, which the map does not hold yet. Returns 0 or -ENOMEM. */
int number_map_add(struct number_map *map, uint64_t key, uint32_t value);
