/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/pair_map.h"
#include "profiler/stable_array.h"
#include "profiler/symbol_names.h"
#include "profiler/symbol_residents.h"
#include "profiler/symbols.h"
#include "profiler/utf8.h"
#include "unwind/demangle.h"
#include "unwind/symbol_file.h"

#define FILENAME_MAX_BYTES 4096 /* longer ones are cut */

/* Of functions with the same name, in other files or lines, so many are looked at. Beyond them, one
 * that is there may come twice, of which a profile makes one again. */
#define NAMESAKES_MAX 64

struct cached_function {
	struct symbol_function function; /* system name and filename: of the cache's strings */
	uint32_t next;                   /* with the same system name: functions[], and one; or 0 */
};

struct symbol_cache {
	atomic_uint refs;
	atomic_size_t bytes;
	atomic_uint_least64_t n_refused;
	pthread_rwlock_t lock; /* of what follows */
	struct string_table *strings;
	struct arena arena;
	struct pair_map place_index; /* (symbols' id, elf_vaddr) → places[] */
	/* (symbols' and function's id, file's id and start line) → functions[] */
	struct pair_map frame_index;
	struct pair_map file_index; /* (symbols' and file's id) → filename, a string */
	uint32_t *named_functions;  /* system name, a string → functions[], and one; 0: none */
	size_t n_named_functions;
	struct symbol_residents residents;
	struct symbol_names names;     /* has a lock of its own */
	struct stable_array places;    /* const struct symbol_place * */
	struct stable_array functions; /* struct cached_function */
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
	symbol_names_init(&cache->names);
	cache->places.item_bytes = sizeof(const struct symbol_place *);
	cache->functions.item_bytes = sizeof(struct cached_function);
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
	free(cache->named_functions);
	symbol_residents_fini(&cache->residents);
	symbol_names_fini(&cache->names);
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

/* Where the functions called @system_name begin; or NULL: out of memory. */
static uint32_t *named_functions(struct symbol_cache *cache, uint32_t system_name)
{
	size_t n = cache->n_named_functions;

	if (system_name >= n) {
		if (array_reserve((void **)&cache->named_functions, &cache->n_named_functions,
				  system_name + 1UL, sizeof(*cache->named_functions)) < 0)
			return NULL;
		memset(cache->named_functions + n, 0,
		       (cache->n_named_functions - n) * sizeof(*cache->named_functions));
	}
	return &cache->named_functions[system_name];
}

static struct cached_function *function_get(const struct symbol_cache *cache, uint32_t next)
{
	return next ? stable_array_get(&cache->functions, next - 1) : NULL;
}

/* The one place where names are demangled, each of them once. Returns NULL: out of memory. */
static const char *name_add(struct symbol_cache *cache, const char *system_name)
{
	char name[DEMANGLE_MAX_BYTES];
	bool is_refused;
	size_t length = demangle_and_tell(system_name, name, &is_refused);
	char *added;

	atomic_fetch_add(&cache->n_refused, is_refused);
	if (strcmp(name, system_name) == 0)
		return system_name;
	added = arena_alloc(&cache->arena, length + 1);
	return added ? memcpy(added, name, length + 1) : NULL;
}

/* A function called as those from *@first on. */
static int function_add(struct symbol_cache *cache, const struct symbol_function *function,
			uint32_t *first)
{
	const struct cached_function *namesake = function_get(cache, *first);
	const char *name =
		namesake ? namesake->function.name : name_add(cache, function->system_name);
	struct cached_function *added;
	void *item;
	int r;

	if (!name)
		return -ENOMEM;
	r = stable_array_add(&cache->functions, &item);
	if (r < 0)
		return r;
	added = item;
	*added = (struct cached_function){ .function = *function, .next = *first };
	added->function.name = name;
	*first = cache->functions.count;
	return 0;
}

/* By its texts: other symbol files may have the same function. */
static int function_intern(struct symbol_cache *cache, const struct symbols *symbols,
			   const struct symbol_frame *frame, uint32_t *ret_function)
{
	struct symbol_function function = { .start_line = frame->start_line };
	const struct cached_function *other;
	uint32_t system_name, filename, *first, i;
	int r;

	r = text_intern(cache, frame->function, &system_name);
	if (r < 0)
		return r;
	r = filename_intern(cache, symbols, frame, &filename);
	if (r < 0)
		return r;
	first = named_functions(cache, system_name);
	if (!first)
		return -ENOMEM;
	function.system_name = string_table_get(cache->strings, system_name);
	function.filename = string_table_get(cache->strings, filename);
	i = *first;
	for (size_t n = 0; n < NAMESAKES_MAX && (other = function_get(cache, i)) != NULL; n++) {
		*ret_function = i - 1;
		if (other->function.filename == function.filename &&
		    other->function.start_line == function.start_line)
			return 0;
		i = other->next;
	}
	r = function_add(cache, &function, first);
	*ret_function = *first - 1;
	return r;
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

static uint64_t off_in_function(const struct symbol_file *file, uint64_t elf_vaddr)
{
	struct code_range range;

	return symbol_file_find_function(file, elf_vaddr, &range) ? elf_vaddr - range.start_vaddr
								  : 0;
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
	place->off = off_in_function(symbols->file, key.b);
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
	       pair_map_bytes(&cache->file_index) +
	       cache->n_named_functions * sizeof(*cache->named_functions) +
	       stable_array_bytes(&cache->places) + stable_array_bytes(&cache->functions);
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
	const struct cached_function *cached = stable_array_get(&cache->functions, function);

	return &cached->function;
}

int symbol_cache_find_name(struct symbol_cache *cache, struct symbols *symbols, const char *name,
			   struct code_range *ret_range)
{
	return symbol_names_find(&cache->names, symbols, name, ret_range);
}

void symbol_cache_tick(struct symbol_cache *cache)
{
	if (pthread_rwlock_trywrlock(&cache->lock) != 0)
		return; /* someone is asking */
	symbol_residents_tick(&cache->residents);
	pthread_rwlock_unlock(&cache->lock);
}

uint64_t symbol_cache_refused(const struct symbol_cache *cache)
{
	return atomic_load(&cache->n_refused);
}

size_t symbol_cache_bytes(const struct symbol_cache *cache)
{
	return atomic_load(&cache->bytes) + atomic_load(&cache->names.bytes);
}
