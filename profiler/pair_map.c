/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/pair_map.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"

#define FIRST_SLOTS 16

struct pair_slot {
	struct pair_key key;
	uint32_t index;
	uint32_t used;
};

void pair_map_fini(struct pair_map *map)
{
	free(map->slots);
	*map = (struct pair_map){ 0 };
}

/* Both words must reach the low bits: file offsets differ in the middle, numbers at the end. */
static uint64_t key_hash(struct pair_key key)
{
	uint64_t hash = key.a * 0x9e3779b97f4a7c15 ^ key.b;

	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93;
	return hash ^ hash >> 32;
}

/* The slot that holds @key, or the free one where it belongs. There always is a free one. */
static struct pair_slot *slot_find(const struct pair_map *map, struct pair_key key)
{
	size_t mask = map->n_slots - 1;

	for (size_t i = key_hash(key) & mask;; i = (i + 1) & mask) {
		struct pair_slot *slot = &map->slots[i];

		if (!slot->used || (slot->key.a == key.a && slot->key.b == key.b))
			return slot;
	}
}

bool pair_map_find(const struct pair_map *map, struct pair_key key, uint32_t *ret_index)
{
	const struct pair_slot *slot;

	if (!map->count)
		return false;
	slot = slot_find(map, key);
	if (!slot->used)
		return false;
	*ret_index = slot->index;
	return true;
}

static int map_grow(struct pair_map *map)
{
	struct pair_map grown = { .n_slots = map->n_slots ? map->n_slots * 2 : FIRST_SLOTS,
				  .count = map->count };

	grown.slots = calloc(grown.n_slots, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	array_populate(grown.slots, pair_map_bytes(&grown)); /* hashes lie all over it */
	for (size_t i = 0; i < map->n_slots; i++) {
		if (map->slots[i].used)
			*slot_find(&grown, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	*map = grown;
	return 0;
}

int pair_map_find_or_add(struct pair_map *map, struct pair_key key, uint32_t new_index,
			 uint32_t *ret_index)
{
	struct pair_slot *slot;
	int r;

	if (pair_map_find(map, key, ret_index))
		return 0;
	if ((map->count + 1) * 3 > map->n_slots * 2) {
		r = map_grow(map);
		if (r < 0)
			return r;
	}
	slot = slot_find(map, key);
	*slot = (struct pair_slot){ .key = key, .index = new_index, .used = 1 };
	map->count++;
	*ret_index = new_index;
	return 1;
}

size_t pair_map_bytes(const struct pair_map *map)
{
	return map->n_slots * sizeof(*map->slots);
}
