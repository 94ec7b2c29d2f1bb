/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * String pool: each distinct string once, one behind the other, terminated; a string is known by
 * where it starts. That is a symbol file's string table. The empty string is at 0.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"

struct string_slot {
	uint32_t offset; /* 0 = free */
	uint32_t hash;
};

struct string_pool {
	struct buffer bytes;
	struct string_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t n_used;
};

/* Works on a zeroed struct. */
void string_pool_fini(struct string_pool *pool);

/*
 * Intern @length bytes at @text; a NUL among them ends it.
 *
 * Returns 0 and sets *@ret_offset, -ENOMEM, or -EFBIG: the pool would pass 4 GB.
 */
int string_pool_add(struct string_pool *pool, const char *text, size_t length,
		    uint32_t *ret_offset);
