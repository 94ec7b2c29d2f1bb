/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind maps: the tables, as user space writes them and programs read them.
 *
 *     unwind_files   who a file is → its number, and where its table is
 *     unwind_shards  1 MiB pieces, made on demand: directories of chunks, and chunks
 *     unwind_rules   all rules of all tables, each once
 *
 * Nothing of a table is ever changed in place: what leaves is taken out of unwind_files first, and
 * its room is given out again when no program can be reading it any more.
 */

#include "bpf/kernel.h"
#include "bpf/unwind_shard.h"
#include "bpf/wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNWIND_MAX_FILES);
	__type(key, struct file_key);
	__type(value, struct unwind_file);
} unwind_files SEC(".maps");

struct unwind_shard {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, UNWIND_SHARD_BYTES);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, UNWIND_MAX_SHARDS);
	__uint(key_size, sizeof(uint32_t));
	__array(values, struct unwind_shard);
} unwind_shards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, UNWIND_MAX_RULES);
	__type(key, uint32_t);
	__type(value, uint64_t);
} unwind_rules SEC(".maps");
