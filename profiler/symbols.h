/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbols: a symbol file that several share: the store, and queries that run just now.
 *
 * Each has an id that never comes back, by which what was found in it can be kept (symbol_cache.h).
 */

#include <stdatomic.h>
#include <stdint.h>

struct symbol_file;

struct symbols {
	atomic_uint refs;
	uint32_t id;
	struct symbol_file *file;
};

/*
 * Takes @file, also on failure. Returns 0 and sets *@ret_symbols (owned by the caller), or -ENOMEM.
 */
int symbols_new(struct symbol_file *file, uint32_t id, struct symbols **ret_symbols);

/* Each user calls unref once. Both accept NULL; unref always returns NULL. */
struct symbols *symbols_ref(struct symbols *symbols);
struct symbols *symbols_unref(struct symbols *symbols);
