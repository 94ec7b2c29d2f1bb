/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/pair_map.h"
#include "profiler/stable_array.h"
#include "profiler/symbol_residents.h"
#include "profiler/symbols.h"
#include "profiler/utf8.h"
#include "unwind/demangle.h"
#include "unwind/symbol_file.h"

#define FILENAME_MAX_BYTES 4096 /* longer ones are cut */

struct symbol_cache {
	atomic_uint refs;
	atomic_size_t bytes;
	pthread_rwlock_t lock; /* of what follows */
	struct string_table *strings;
	struct arena arena;
	struct pair_map place_index; /* (symbols' id, elf_vaddr) → places[] */
	/* (symbols' and function's id, file's id and start line) → functions[] */
	struct pair_map frame_index;
	struct pair_map file_index;     /* (symbols' and file's id) → filename, a string */
	struct pair_map function_index; /* (system name and filename, start line) → functions[] */
	struct pair_map name_index;     /* (system name, 0) → name, both of them strings */
	struct symbol_residents residents;
	struct stable_array places;    /* const struct symbol_place * */
	struct stable_array functions; /* struct symbol_function */
};

int symbol_cache_new(struct symbol_cache **ret_cache)
{
	struct symbol_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	r = string_table_new(&cache->strings);
	if (r < 0) {
		free(cache);
		return r;
	}
	atomic_init(&cache->refs, 1);
	pthread_rwlock_init(&cache->lock, NULL);
	cache->places.item_bytes = sizeof(const struct symbol_place *);
	cache->functions.item_bytes = sizeof(struct symbol_function);
	*ret_cache = cache;
	return 0;
}

struct symbol_cache *symbol_cache_ref(struct symbol_cache *cache)
{
	atomic_fetch_add(&cache->refs, 1);
	return cache;
}

struct symbol_cache *symbol_cache_unref(struct symbol_cache *cache)
{
	if (!cache || atomic_fetch_sub(&cache->refs, 1) != 1)
		return NULL;
	pthread_rwlock_destroy(&cache->lock);
	string_table_free(cache->strings);
	arena_fini(&cache->arena);
	pair_map_fini(&cache->place_index);
	pair_map_fini(&cache->frame_index);
	pair_map_fini(&cache->file_index);
	pair_map_fini(&cache->function_index);
	pair_map_fini(&cache->name_index);
	symbol_residents_fini(&cache->residents);
	stable_array_fini(&cache->places);
	stable_array_fini(&cache->functions);
	free(cache);
	return NULL;
}

static int text_intern(struct symbol_cache *cache, const char *text, uint32_t *ret_string)
{
	_cleanup_(freep) char *copy = NULL;

	if (utf8_is_valid(text))
		return string_table_add(cache->strings, text, ret_string);
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	utf8_sanitize(copy);
	return string_table_add(cache->strings, copy, ret_string);
}

static int filename_add(struct symbol_cache *cache, const struct symbol_frame *frame,
			uint32_t *ret_string)
{
	bool whole = !frame->directory[0] || frame->filename[0] == '/' || !frame->filename[0];
	char path[FILENAME_MAX_BYTES];

	snprintf(path, sizeof(path), "%s%s%s", whole ? "" : frame->directory, whole ? "" : "/",
		 frame->filename);
	return text_intern(cache, path, ret_string);
}

static int filename_intern(struct symbol_cache *cache, const struct symbols *symbols,
			   const struct symbol_frame *frame, uint32_t *ret_string)
{
	struct pair_key key = { symbols->id, frame->file_id };
	int r;

	if (pair_map_find(&cache->file_index, key, ret_string))
		return 0;
	r = filename_add(cache, frame, ret_string);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&cache->file_index, key, *ret_string, ret_string);
	return r < 0 ? r : 0;
}

/* The one place where names are demangled, each of them once. */
static int name_intern(struct symbol_cache *cache, uint32_t system_name, uint32_t *ret_name)
{
	struct pair_key key = { .a = system_name };
	char name[DEMANGLE_MAX_BYTES];
	int r;

	if (pair_map_find(&cache->name_index, key, ret_name))
		return 0;
	demangle(string_table_get(cache->strings, system_name), name);
	r = string_table_add(cache->strings, name, ret_name);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&cache->name_index, key, *ret_name, ret_name);
	return r < 0 ? r : 0;
}

static int function_add(struct symbol_cache *cache, const struct symbol_function *function,
			uint32_t system_name)
{
	struct symbol_function *added;
	uint32_t name;
	void *item;
	int r;

	r = name_intern(cache, system_name, &name);
	if (r < 0)
		return r;
	r = stable_array_add(&cache->functions, &item);
	if (r < 0)
		return r;
	added = item;
	*added = *function;
	added->name = string_table_get(cache->strings, name);
	return 0;
}

/* By its texts: other symbol files may have the same function. */
static int function_intern(struct symbol_cache *cache, const struct symbols *symbols,
			   const struct symbol_frame *frame, uint32_t *ret_function)
{
	struct symbol_function function = { .start_line = frame->start_line };
	uint32_t system_name, filename;
	struct pair_key key;
	int r;

	r = text_intern(cache, frame->function, &system_name);
	if (r < 0)
		return r;
	r = filename_intern(cache, symbols, frame, &filename);
	if (r < 0)
		return r;
	key = (struct pair_key){ (uint64_t)system_name << 32 | filename, frame->start_line };
	if (pair_map_find(&cache->function_index, key, ret_function))
		return 0;
	function.system_name = string_table_get(cache->strings, system_name);
	function.filename = string_table_get(cache->strings, filename);
	r = function_add(cache, &function, system_name);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&cache->function_index, key, cache->functions.count - 1,
				 ret_function);
	return r < 0 ? r : 0;
}

/* Most frames of a new place are of functions that were met before. */
static int frame_intern(struct symbol_cache *cache, const struct symbols *symbols,
			const struct symbol_frame *frame, uint32_t *ret_function)
{
	struct pair_key key = { (uint64_t)symbols->id << 32 | frame->function_id,
				(uint64_t)frame->file_id << 32 | frame->start_line };
	int r;

	if (pair_map_find(&cache->frame_index, key, ret_function))
		return 0;
	r = function_intern(cache, symbols, frame, ret_function);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&cache->frame_index, key, *ret_function, ret_function);
	return r < 0 ? r : 0;
}

static int place_add(struct symbol_cache *cache, struct symbols *symbols, struct pair_key key,
		     const struct symbol_place **ret_place)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	struct symbol_place *place;
	size_t n_frames;
	uint32_t index;
	void *item;
	int r;

	symbol_residents_touch(&cache->residents, symbols);
	n_frames = symbol_file_find(symbols->file, key.b, frames, SYMBOL_MAX_INLINE);
	place = arena_alloc(&cache->arena, sizeof(*place) + n_frames * sizeof(place->lines[0]));
	if (!place)
		return -ENOMEM;
	place->n_lines = (uint32_t)n_frames;
	for (size_t i = 0; i < n_frames; i++) {
		place->lines[i].line = frames[i].line;
		r = frame_intern(cache, symbols, &frames[i], &place->lines[i].function);
		if (r < 0)
			return r;
	}
	r = stable_array_add(&cache->places, &item);
	if (r < 0)
		return r;
	*(const struct symbol_place **)item = place;
	r = pair_map_find_or_add(&cache->place_index, key, cache->places.count - 1, &index);
	if (r < 0)
		return r;
	*ret_place = place;
	return 0;
}

static bool place_find(const struct symbol_cache *cache, struct pair_key key,
		       const struct symbol_place **ret_place)
{
	uint32_t index;

	if (!pair_map_find(&cache->place_index, key, &index))
		return false;
	*ret_place = *(const struct symbol_place **)stable_array_get(&cache->places, index);
	return true;
}

static size_t cache_bytes(const struct symbol_cache *cache)
{
	return sizeof(*cache) + string_table_bytes(cache->strings) + cache->arena.bytes +
	       pair_map_bytes(&cache->place_index) + pair_map_bytes(&cache->frame_index) +
	       pair_map_bytes(&cache->file_index) + pair_map_bytes(&cache->function_index) +
	       pair_map_bytes(&cache->name_index) + stable_array_bytes(&cache->places) +
	       stable_array_bytes(&cache->functions);
}

int symbol_cache_find(struct symbol_cache *cache, struct symbols *symbols, uint64_t elf_vaddr,
		      const struct symbol_place **ret_place)
{
	struct pair_key key = { symbols->id, elf_vaddr };
	bool found;
	int r = 0;

	pthread_rwlock_rdlock(&cache->lock);
	found = place_find(cache, key, ret_place);
	pthread_rwlock_unlock(&cache->lock);
	if (found)
		return 0;
	pthread_rwlock_wrlock(&cache->lock);
	if (!place_find(cache, key, ret_place)) /* another thread may have been here by now */
		r = place_add(cache, symbols, key, ret_place);
	atomic_store(&cache->bytes, cache_bytes(cache));
	pthread_rwlock_unlock(&cache->lock);
	return r;
}

const struct symbol_function *symbol_cache_function(const struct symbol_cache *cache,
						    uint32_t function)
{
	return stable_array_get(&cache->functions, function);
}

void symbol_cache_tick(struct symbol_cache *cache)
{
	if (pthread_rwlock_trywrlock(&cache->lock) != 0)
		return; /* someone is asking */
	symbol_residents_tick(&cache->residents);
	pthread_rwlock_unlock(&cache->lock);
}

size_t symbol_cache_bytes(const struct symbol_cache *cache)
{
	return atomic_load(&cache->bytes);
}
