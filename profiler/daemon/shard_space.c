/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/shard_space.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/unwind_shard.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

/* In units of 8 bytes, from the start of the first shard; never across shards. */
struct extent {
	uint32_t start;
	uint32_t size;
};

struct waiting_extent {
	struct extent extent;
	int64_t since_ns;
};

enum { SHARD_UNITS = UNWIND_SHARD_BYTES / 8 };

struct shard_space {
	uint32_t max_shards;
	uint32_t n_shards;
	struct extent *free; /* sorted by start; neighbours of one shard are joined */
	size_t n_free, free_capacity;
	struct waiting_extent *waiting; /* in the order in which they were given back */
	size_t n_waiting, waiting_capacity;
	size_t n_taken; /* pieces */
	size_t taken_units, waiting_units;
};

int shard_space_new(uint32_t max_shards, struct shard_space **ret_space)
{
	struct shard_space *space = calloc(1, sizeof(*space));

	if (!space)
		return -ENOMEM;
	space->max_shards = max_shards;
	*ret_space = space;
	return 0;
}

struct shard_space *shard_space_free(struct shard_space *space)
{
	if (!space)
		return NULL;
	free(space->free);
	free(space->waiting);
	free(space);
	return NULL;
}

static void remove_free(struct shard_space *space, size_t index)
{
	space->n_free--;
	memmove(space->free + index, space->free + index + 1,
		(space->n_free - index) * sizeof(*space->free));
}

static bool is_next(const struct extent *extent, const struct extent *after)
{
	return extent->start + extent->size == after->start && after->start % SHARD_UNITS != 0;
}

/* The first free extent that starts behind @start. */
static size_t find_behind(const struct shard_space *space, uint32_t start)
{
	size_t low = 0, high = space->n_free;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->free[middle].start > start)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Room to note everything that can ever be given back or become free, with a piece or a shard more:
 * so that giving back needs no memory. Returns 0 or -ENOMEM. */
static int reserve(struct shard_space *space)
{
	size_t n = space->n_taken + space->n_waiting + 1;
	int r = array_reserve((void **)&space->waiting, &space->waiting_capacity, n,
			      sizeof(*space->waiting));

	if (r < 0)
		return r;
	return array_reserve((void **)&space->free, &space->free_capacity, space->n_free + n + 1,
			     sizeof(*space->free));
}

static void add_free(struct shard_space *space, struct extent extent)
{
	size_t index = find_behind(space, extent.start);

	if (index && is_next(&space->free[index - 1], &extent)) {
		index--;
		space->free[index].size += extent.size;
	} else {
		memmove(space->free + index + 1, space->free + index,
			(space->n_free - index) * sizeof(*space->free));
		space->free[index] = extent;
		space->n_free++;
	}
	if (index + 1 < space->n_free && is_next(&space->free[index], &space->free[index + 1])) {
		space->free[index].size += space->free[index + 1].size;
		remove_free(space, index + 1);
	}
}

/* Offset 0 means "no code" in a directory: the first unit is never given out. */
static int add_shard(struct shard_space *space)
{
	uint32_t start = space->n_shards * SHARD_UNITS;
	uint32_t first = space->n_shards ? 0 : 1;

	if (space->n_shards == space->max_shards)
		return -ENOSPC;
	add_free(space, (struct extent){ start + first, SHARD_UNITS - first });
	space->n_shards++;
	return 0;
}

/* The smallest extent that suffices, lest the large ones are used up. */
static size_t find_best(const struct shard_space *space, uint32_t units)
{
	size_t best = space->n_free;

	for (size_t i = 0; i < space->n_free; i++)
		if (space->free[i].size >= units &&
		    (best == space->n_free || space->free[i].size < space->free[best].size))
			best = i;
	return best;
}

int shard_space_take(struct shard_space *space, size_t size, uint32_t *ret_off)
{
	uint32_t units = (uint32_t)((size + 7) / 8);
	size_t index;
	int r;

	if (!size || size > UNWIND_SHARD_BYTES - 8)
		return -EFBIG;
	r = reserve(space);
	if (r < 0)
		return r;
	index = find_best(space, units);
	if (index == space->n_free) {
		r = add_shard(space);
		if (r < 0)
			return r;
		index = space->n_free - 1; /* it is the last one */
	}
	*ret_off = space->free[index].start;
	space->free[index].start += units;
	space->free[index].size -= units;
	if (!space->free[index].size)
		remove_free(space, index);
	space->n_taken++;
	space->taken_units += units;
	return 0;
}

void shard_space_give(struct shard_space *space, uint32_t off, size_t size, int64_t now_ns)
{
	const struct extent extent = { off, (uint32_t)((size + 7) / 8) };

	assert(space->n_waiting < space->waiting_capacity);
	space->waiting[space->n_waiting++] = (struct waiting_extent){ extent, now_ns };
	space->n_taken--;
	space->taken_units -= extent.size;
	space->waiting_units += extent.size;
}

void shard_space_collect(struct shard_space *space, int64_t now_ns)
{
	size_t n = 0;

	if (!space->n_waiting)
		return; /* nor is there an array */
	while (n < space->n_waiting && now_ns - space->waiting[n].since_ns >= SHARD_GRACE_NS) {
		const struct extent *extent = &space->waiting[n++].extent;

		space->waiting_units -= extent->size;
		add_free(space, *extent);
	}
	space->n_waiting -= n;
	memmove(space->waiting, space->waiting + n, space->n_waiting * sizeof(*space->waiting));
}

uint32_t shard_space_shard_count(const struct shard_space *space)
{
	return space->n_shards;
}

size_t shard_space_taken_bytes(const struct shard_space *space)
{
	return space->taken_units * 8;
}

size_t shard_space_waiting_bytes(const struct shard_space *space)
{
	return space->waiting_units * 8;
}
