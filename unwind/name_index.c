/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/name_index.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/demangle.h"
#include "unwind/symbol_file.h"

struct indexed_name {
	uint32_t hash; /* what they are sorted by */
	uint32_t function_i;
};

struct name_index {
	struct indexed_name *names;
	size_t n_names;
	size_t capacity;
};

DEFINE_CLEANUP(struct name_index *, name_index_free)

static uint32_t hash_of(const char *text, size_t length)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)text, length);
}

static int add(struct name_index *index, uint32_t function_i, const char *text, size_t length)
{
	int r;

	if (index->n_names == NAME_INDEX_MAX_NAMES)
		return 0;
	r = array_reserve((void **)&index->names, &index->capacity, index->n_names + 1,
			  sizeof(*index->names));
	if (r == 0)
		index->names[index->n_names++] = (struct indexed_name){
			.hash = hash_of(text, length),
			.function_i = function_i,
		};
	return r;
}

static int add_function(struct name_index *index, uint32_t function_i, const char *symbol,
			bool do_demangle)
{
	char demangled[DEMANGLE_MAX_BYTES];
	size_t length;
	int r = add(index, function_i, symbol, strlen(symbol));

	if (r < 0 || !do_demangle)
		return r;
	length = demangle(symbol, demangled);
	return strcmp(symbol, demangled) != 0 ? add(index, function_i, demangled, length) : 0;
}

static int64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int add_all(struct name_index *index, const struct symbol_file *file)
{
	int64_t end_ms = cpu_ms() + NAME_INDEX_MAX_MS;
	uint32_t n = symbol_file_function_count(file);
	bool do_demangle = true;

	for (uint32_t i = 0; i < n; i++) {
		const char *symbol;
		int r;

		if (i % 64 == 0)
			do_demangle = cpu_ms() < end_ms;
		if (!symbol_file_get_name(file, i, &symbol))
			continue;
		r = add_function(index, i, symbol, do_demangle);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct indexed_name *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return (left->function_i > right->function_i) - (left->function_i < right->function_i);
}

int name_index_new(const struct symbol_file *file, struct name_index **ret_index)
{
	_cleanup_(name_index_freep) struct name_index *index = calloc(1, sizeof(*index));
	int r;

	if (!index)
		return -ENOMEM;
	r = add_all(index, file);
	if (r < 0)
		return r;
	if (index->n_names)
		qsort(index->names, index->n_names, sizeof(*index->names), compare_names);
	*ret_index = steal(index);
	return 0;
}

struct name_index *name_index_free(struct name_index *index)
{
	if (!index)
		return NULL;
	free(index->names);
	free(index);
	return NULL;
}

static bool is_called(const struct symbol_file *file, uint32_t function_i, const char *name,
		      bool do_demangle)
{
	char demangled[DEMANGLE_MAX_BYTES];
	const char *symbol;

	if (!symbol_file_get_name(file, function_i, &symbol))
		return false;
	if (!do_demangle)
		return strcmp(symbol, name) == 0;
	demangle(symbol, demangled);
	return strcmp(demangled, name) == 0;
}

/* The first of those with @hash. */
static size_t find_hash(const struct name_index *index, uint32_t hash)
{
	size_t low = 0, high = index->n_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->names[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool name_index_find(const struct name_index *index, const struct symbol_file *file,
		     const char *name, struct code_range *ret_range)
{
	uint32_t hash = hash_of(name, strlen(name));
	size_t first = find_hash(index, hash);
	size_t end = index->n_names - first > NAME_INDEX_MAX_NAMESAKES
			     ? first + NAME_INDEX_MAX_NAMESAKES
			     : index->n_names;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = first; i < end && index->names[i].hash == hash; i++)
			if (is_called(file, index->names[i].function_i, name, pass == 1))
				return symbol_file_get_range(file, index->names[i].function_i,
							     ret_range);
	return false;
}

size_t name_index_bytes(const struct name_index *index)
{
	return sizeof(*index) + index->capacity * sizeof(*index->names);
}
