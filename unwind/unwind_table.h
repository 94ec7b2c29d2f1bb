/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unwind table: the bytes of a compiled table (bpf/unwind_table.h has the format), in user space.
 *
 *     file offset ──unwind_table_find──► rule
 *
 * A table comes from the resolver or from a cache on disk: it is foreign bytes, to be checked once
 * by unwind_table_check(). All else wants bytes that passed, aligned to 8, and reads just them: no
 * ELF, no DWARF.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_table.h"

/* Most chunks of a table: 16 GB of file. */
#define UNWIND_MAX_CHUNKS (256U << 10)

/* Most bytes of a table. That of a browser has four million. */
#define UNWIND_TABLE_MAX_BYTES ((size_t)64 << 20)

/*
 * Are these bytes a table, whose every offset and index leads to something inside of it?
 *
 * Returns 0 or -EBADMSG.
 */
int unwind_table_check(const void *bytes, size_t size);

/* Its rules, header->n_rules of them. Borrowed: live as long as @bytes. */
const struct unwind_rule *unwind_table_rules(const void *bytes);

/* The rule that holds at @file_off; one that is UNWIND_CFA_NONE where there is none. Borrowed:
 * lives as long as @bytes. */
const struct unwind_rule *unwind_table_find(const void *bytes, uint64_t file_off);

/* The number of the rule that holds at @file_off, which lies in what @chunk covers. */
uint16_t unwind_chunk_find(const void *chunk, uint64_t file_off);

struct unwind_chunk {
	uint32_t chunk_i;    /* covers the file from chunk_i << UNWIND_CHUNK_SHIFT on */
	uint32_t size_bytes; /* a multiple of 8 */
	const void *bytes;   /* borrowed from the table */
};

/*
 * Find the first chunk that is there from number @chunk_i on:
 *
 *     for (uint32_t i = 0; unwind_table_next_chunk(table, i, &chunk); i = chunk.chunk_i + 1)
 *
 * Returns false if there is none.
 */
bool unwind_table_next_chunk(const void *bytes, uint32_t chunk_i, struct unwind_chunk *ret_chunk);

/*
 * Copy @chunk to @to, which has room for its size and may be anywhere, aligned to 8. Each rule of
 * the table becomes number @remap[rule] there: @remap has header->n_rules entries.
 */
void unwind_chunk_copy(const struct unwind_chunk *chunk, const uint16_t *remap, void *to);
