/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/kernel_view.h"
#include "profiler/store_state.h"
#include "profiler/symbol_cache.h"
#include "profiler/window.h"

#define SYMBOL_CACHE_BYTES (16UL << 20) /* a busy host's ten minutes take about half of it */

/* The cache in use, or a new one when that has grown too large. */
static int store_hold_symbol_cache(struct store *store, struct symbol_cache **ret_cache)
{
	struct symbol_cache *fresh;
	int r;

	if (symbol_cache_bytes(store->symbol_cache) > SYMBOL_CACHE_BYTES) {
		r = symbol_cache_new(&fresh);
		if (r < 0)
			return r;
		store->counters.names_refused += symbol_cache_refused(store->symbol_cache);
		symbol_cache_unref(store->symbol_cache);
		store->symbol_cache = fresh;
	}
	*ret_cache = symbol_cache_ref(store->symbol_cache);
	return 0;
}

/* Where @dictionary is in the snapshot. Neighbouring windows mostly have the same. */
static size_t snapshot_put_dictionary(struct snapshot *snapshot,
				      const struct dictionary *dictionary)
{
	for (size_t i = snapshot->n_dictionaries; i-- > 0;) {
		if (snapshot->dictionaries[i].dictionary == dictionary)
			return i;
	}
	snapshot->dictionaries[snapshot->n_dictionaries] = (struct snapshot_dictionary){
		.dictionary = dictionary,
		.kernel =
			kernel_view_ref(dictionary->kernel ? dictionary->kernel : snapshot->kernel),
		.n_threads = dictionary->threads.count,
		.n_stacks = dictionary->stacks.count,
		.n_frames = dictionary->frames.count,
	};
	return snapshot->n_dictionaries++;
}

static void store_hold_windows(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
			       struct snapshot *snapshot)
{
	for (size_t i = 0; i < store->n_windows; i++) {
		struct window *window = store->windows[i];

		if (window->start_unix_ns >= end_unix_ns ||
		    window->start_unix_ns + WINDOW_NS <= start_unix_ns)
			continue;
		window->refs++;
		snapshot->windows[snapshot->n_windows++] = (struct snapshot_window){
			.window = window,
			.n_samples = window->n_samples,
			.dictionary_i = snapshot_put_dictionary(snapshot, window->dictionary),
		};
	}
}

static int store_fill_snapshot(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
			       struct snapshot *snapshot)
{
	int r;

	snapshot->windows = calloc(store->n_windows + 1, sizeof(*snapshot->windows));
	snapshot->dictionaries = calloc(store->n_dictionaries + 1, sizeof(*snapshot->dictionaries));
	if (!snapshot->windows || !snapshot->dictionaries)
		return -ENOMEM;
	r = store_hold_symbol_cache(store, &snapshot->symbol_cache);
	if (r < 0)
		return r;
	snapshot->kernel = kernel_view_ref(store->kernel);
	store_hold_windows(store, start_unix_ns, end_unix_ns, snapshot);
	return 0;
}

int snapshot_init(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
		  struct snapshot *ret_snapshot)
{
	struct snapshot snapshot = { .store = store, .period_ns = store->options.period_ns };
	int r;

	pthread_mutex_lock(&store->lock);
	r = store_fill_snapshot(store, start_unix_ns, end_unix_ns, &snapshot);
	pthread_mutex_unlock(&store->lock);
	if (r < 0) {
		snapshot_fini(&snapshot);
		return r;
	}
	*ret_snapshot = snapshot;
	return 0;
}

void snapshot_fini(struct snapshot *snapshot)
{
	struct store_garbage garbage = { 0 };

	if (!snapshot->store)
		return;
	pthread_mutex_lock(&snapshot->store->lock);
	for (size_t i = 0; i < snapshot->n_windows; i++)
		store_unref_window(snapshot->store, snapshot->windows[i].window, &garbage);
	pthread_mutex_unlock(&snapshot->store->lock);
	store_free_garbage(&garbage);
	kernel_view_unref(snapshot->kernel);
	for (size_t i = 0; i < snapshot->n_dictionaries; i++)
		kernel_view_unref(snapshot->dictionaries[i].kernel);
	symbol_cache_unref(snapshot->symbol_cache);
	free(snapshot->windows);
	free(snapshot->dictionaries);
	*snapshot = (struct snapshot){ 0 };
}

struct file_view *snapshot_find_build_id(const struct snapshot *snapshot,
					 const struct build_id *build_id)
{
	struct file_view *view;

	pthread_mutex_lock(&snapshot->store->lock);
	view = file_table_find_build_id(&snapshot->store->files, build_id);
	if (view)
		view = file_view_ref(view);
	pthread_mutex_unlock(&snapshot->store->lock);
	return view;
}

struct file_view *snapshot_find_file(const struct snapshot *snapshot, uint32_t file)
{
	struct file_view *view;

	pthread_mutex_lock(&snapshot->store->lock);
	view = file_table_find(&snapshot->store->files, file);
	if (view)
		view = file_view_ref(view);
	pthread_mutex_unlock(&snapshot->store->lock);
	return view;
}
