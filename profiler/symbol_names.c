/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_names.h"

#include <errno.h>
#include <stdbool.h>

#include "profiler/symbols.h"
#include "unwind/name_index.h"

void symbol_names_init(struct symbol_names *names)
{
	names->symbols = NULL;
	names->index = NULL;
	atomic_init(&names->bytes, 0);
	pthread_mutex_init(&names->lock, NULL);
}

void symbol_names_fini(struct symbol_names *names)
{
	name_index_free(names->index);
	symbols_unref(names->symbols);
	pthread_mutex_destroy(&names->lock);
}

static int look_up(const struct symbols *symbols, const struct name_index *index, const char *name,
		   struct code_range *ret_range)
{
	return name_index_find(index, symbols->file, name, ret_range) ? 0 : -ESRCH;
}

/* Whether the index is of @symbols; then also what @name is, as *@ret_r. */
static bool find_in_last(struct symbol_names *names, const struct symbols *symbols,
			 const char *name, struct code_range *ret_range, int *ret_r)
{
	bool is_last;

	pthread_mutex_lock(&names->lock);
	is_last = names->symbols == symbols;
	if (is_last)
		*ret_r = look_up(symbols, names->index, name, ret_range);
	pthread_mutex_unlock(&names->lock);
	return is_last;
}

/* Takes both. */
static void keep(struct symbol_names *names, struct symbols *symbols, struct name_index *index)
{
	struct symbols *last_symbols;
	struct name_index *last_index;

	pthread_mutex_lock(&names->lock);
	last_symbols = names->symbols;
	last_index = names->index;
	names->symbols = symbols;
	names->index = index;
	atomic_store(&names->bytes, name_index_bytes(index));
	pthread_mutex_unlock(&names->lock);
	name_index_free(last_index);
	symbols_unref(last_symbols);
}

int symbol_names_find(struct symbol_names *names, struct symbols *symbols, const char *name,
		      struct code_range *ret_range)
{
	struct name_index *index;
	int r;

	if (find_in_last(names, symbols, name, ret_range, &r))
		return r;
	/* Not under the lock: it may take seconds, in which others find what is known. */
	r = name_index_new(symbols->file, &index);
	if (r < 0)
		return r;
	r = look_up(symbols, index, name, ret_range);
	keep(names, symbols_ref(symbols), index);
	return r;
}
