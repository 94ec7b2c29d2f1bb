/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol cache: what symbol files answered, made readable, for the next query that asks the same.
 *
 * Nothing leaves a cache: when it has grown past its bound, the store begins another one, and those
 * who read the old one keep it until they are through. So answers can be used without a lock.
 */

#include <stddef.h>
#include <stdint.h>

struct code_range;
struct symbol_cache;
struct symbols;

/* All texts are valid UTF-8. */
struct symbol_function {
	const char *name;        /* demangled */
	const char *system_name; /* as the linker knows it */
	const char *filename;    /* with its directory, or "" */
	uint32_t start_line;     /* or 0 */
};

struct symbol_line {
	uint32_t function; /* number, for symbol_cache_function() */
	uint32_t line;     /* or 0 */
};

/* The functions at one place. */
struct symbol_place {
	uint64_t off;     /* bytes into the function that is not inlined */
	uint32_t n_lines; /* 0: nobody knows a name; innermost function first */
	struct symbol_line lines[];
};

/* Returns 0 and sets *@ret_cache (owned by the caller), or -ENOMEM. */
int symbol_cache_new(struct symbol_cache **ret_cache);

/* Each user calls unref once, which accepts NULL and always returns NULL. */
struct symbol_cache *symbol_cache_ref(struct symbol_cache *cache);
struct symbol_cache *symbol_cache_unref(struct symbol_cache *cache);

/*
 * What is at @elf_vaddr in @symbols, which may be held for a while? Any thread may ask.
 *
 * Returns 0 and sets *@ret_place (borrowed: lives as long as @cache), or -ENOMEM.
 */
int symbol_cache_find(struct symbol_cache *cache, struct symbols *symbols, uint64_t elf_vaddr,
		      const struct symbol_place **ret_place);

/* Numbers are dense from 0. Borrowed: lives as long as @cache. */
const struct symbol_function *symbol_cache_function(const struct symbol_cache *cache,
						    uint32_t function);

/*
 * The function in @symbols, which may be held for a while, called @name by the linker or when it is
 * demangled. Any thread may ask. Returns 0, -ESRCH if there is none, or -ENOMEM.
 */
int symbol_cache_find_name(struct symbol_cache *cache, struct symbols *symbols, const char *name,
			   struct code_range *ret_range);

/* Let the pages of symbol files go that nobody asks any more. Call it now and then; never waits. */
void symbol_cache_tick(struct symbol_cache *cache);

/* Names that stay as the linker knows them, since a bound of demangle() has kept them so. */
uint64_t symbol_cache_refused(const struct symbol_cache *cache);

/* Memory in use. Never waits for a thread that fills the cache. */
size_t symbol_cache_bytes(const struct symbol_cache *cache);
