/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind shard: how unwind tables lie in the kernel's maps.
 *
 * Offsets are in units of 8 bytes, and lead into shards of 1 MiB. A chunk, and a directory of
 * chunks, lies in one shard.
 */

#include "bpf/unwind_table.h"

#define UNWIND_SHARD_SHIFT 20
#define UNWIND_SHARD_BYTES (1 << UNWIND_SHARD_SHIFT)
#define UNWIND_SHARD_MASK  (UNWIND_SHARD_BYTES - 1)

/* Bytes from the start of a chunk: where rule[] lies. */
#define UNWIND_CHUNK_RULES_OFF(n_rows) (UNWIND_CHUNK_LOW_OFF + (((uint64_t)(n_rows) + 15) & ~7ULL))

enum {
	UNWIND_MAX_FILES = 8192,
	UNWIND_MAX_SHARDS = 1024,
};

/* What is mapped where a pc is. */
enum unwind_file_kind {
	UNWIND_FILE_NONE,     /* executable memory that is no file: a JIT's */
	UNWIND_FILE_TABLE,    /* a file whose table is there */
	UNWIND_FILE_PENDING,  /* a file whose table is asked for */
	UNWIND_FILE_NO_TABLE, /* a file without: no ELF, or nothing in it says how to unwind */
	UNWIND_FILE_KIND_COUNT,
};

/* What the kernel half knows of a file. */
struct unwind_file {
	uint32_t file;  /* its number in frames */
	uint32_t kind;  /* enum unwind_file_kind */
	uint32_t table; /* where its directory of chunks lies: uint32_t[n_chunks], 0 = no code */
	uint32_t n_chunks;
	uint32_t last_used_s; /* seconds since boot; written by programs */
	uint32_t unused;
};
