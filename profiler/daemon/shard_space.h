/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shard space: room for the pieces of unwind tables in shards of UNWIND_SHARD_BYTES.
 *
 * A piece lies in one shard. Room that is given back is not given out again before a grace period
 * is over: a program that found the piece a moment ago may still be reading it.
 *
 * Only the room is kept here; whoever uses it makes the shards, and writes into them.
 */

#include <stddef.h>
#include <stdint.h>

struct shard_space;

/* How long after its last use a program may still read: they run for microseconds. */
#define SHARD_GRACE_NS (1000 * 1000 * 1000LL)

/* Returns 0 and sets *@ret_space, for at most @max_shards (owned by the caller), or -ENOMEM. */
int shard_space_new(uint32_t max_shards, struct shard_space **ret_space);

/* Accepts NULL. Always returns NULL. */
struct shard_space *shard_space_free(struct shard_space *space);

/*
 * Find room for @size bytes, in a shard that is in use already if possible.
 *
 * Returns 0 and sets *@ret_off, in units of 8 bytes from the start of the first shard, never 0;
 * -ENOSPC if there is none now, -EFBIG if a shard is too small, or -ENOMEM.
 */
int shard_space_take(struct shard_space *space, size_t size, uint32_t *ret_off);

/* Give back what shard_space_take() gave. It cannot fail: what this needs was made ready then. */
void shard_space_give(struct shard_space *space, uint32_t off, size_t size, int64_t now_ns);

/* Make room usable whose grace period is over at @now_ns. */
void shard_space_collect(struct shard_space *space, int64_t now_ns);

/* Shards in use, from the first on; bytes taken; bytes given back that wait. */
uint32_t shard_space_shard_count(const struct shard_space *space);
size_t shard_space_taken_bytes(const struct shard_space *space);
size_t shard_space_waiting_bytes(const struct shard_space *space);
