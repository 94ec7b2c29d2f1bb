/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Arena: many small pieces of memory that are given back together.
 *
 * A zeroed struct is an empty arena. Pieces never move.
 */

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t free_bytes;          /* at the end of the newest */
	size_t bytes;               /* of all blocks */
};

void arena_fini(struct arena *arena);

/* @size bytes, not initialised, aligned for any type; NULL: out of memory. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of @text in which bytes that are no UTF-8 became "?"; NULL: out of memory. */
char *arena_copy_text(struct arena *arena, const char *text);
