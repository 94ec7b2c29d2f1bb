/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel maps: the maps of unwind tables and the monotonic clock, in memory, for tests of what
 * writes into them. A test that links this calls no kernel for either:
 *
 *     bpf_map_*()       works on a table of files, and on memory files for shards and rules
 *     clock_gettime()   tells kernel_maps_now_ns(), which stands still unless it is moved
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_shard.h"
#include "bpf/wire.h"
#include "profiler/daemon/table_store.h"

/* Empty maps, and a clock that begins at an hour. */
struct table_store_maps kernel_maps_open(void);
void kernel_maps_close(const struct table_store_maps *maps);

int64_t kernel_maps_now_ns(void);
void kernel_maps_advance_ns(int64_t ns);

/* What a program finds of the file of @key, or NULL. Borrowed: lives until the next change. */
struct unwind_file *kernel_maps_find(const struct file_key *key);

/* A program hits the file of @key now. Returns whether it has a table. */
bool kernel_maps_hit(const struct file_key *key);

size_t kernel_maps_file_count(void);
size_t kernel_maps_shard_count(void);
