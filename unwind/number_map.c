/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/number_map.h"

#include <errno.h>
#include <stdlib.h>

void number_map_fini(struct number_map *map)
{
	free(map->slots);
	*map = (struct number_map){ 0 };
}

/* The slot of @key, or the free one where it would go. There is always a free one. */
static struct number_slot *find_slot(const struct number_map *map, uint64_t key)
{
	/* Keys are offsets and pointers: their low bits alone would collide. */
	uint64_t hash = key * 0x9e3779b97f4a7c15ULL;
	size_t i = (size_t)(hash >> 20) & (map->n_slots - 1);

	while (map->slots[i].is_used && map->slots[i].key != key)
		i = (i + 1) & (map->n_slots - 1);
	return &map->slots[i];
}

bool number_map_find(const struct number_map *map, uint64_t key, uint32_t *ret_value)
{
	const struct number_slot *slot = map->n_slots ? find_slot(map, key) : NULL;

	if (!slot || !slot->is_used)
		return false;
	*ret_value = slot->value;
	return true;
}

static int grow(struct number_map *map)
{
	struct number_map larger = { .n_slots = map->n_slots ? map->n_slots * 2 : 64 };

	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->n_slots; i++)
		if (map->slots[i].is_used)
			*find_slot(&larger, map->slots[i].key) = map->slots[i];
	larger.n_used = map->n_used;
	free(map->slots);
	*map = larger;
	return 0;
}

int number_map_add(struct number_map *map, uint64_t key, uint32_t value)
{
	int r = map->n_used >= map->n_slots / 2 ? grow(map) : 0;

	if (r < 0)
		return r;
	*find_slot(map, key) = (struct number_slot){ .key = key, .value = value, .is_used = true };
	map->n_used++;
	return 0;
}
