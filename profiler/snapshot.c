/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/kernel_view.h"
#include "profiler/past.h"
#include "profiler/store_state.h"
#include "profiler/symbol_cache.h"
#include "profiler/window.h"

#define SYMBOL_CACHE_BYTES (16UL << 20) /* a busy host's ten minutes take about half of it */

/* Windows that start so much later than now are there because the clock was put back. */
#define FUTURE_NS (60 * 1000 * 1000 * 1000LL)

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

/* Which windows are wanted. */
struct wanted {
	int64_t start_unix_ns;
	int64_t end_unix_ns;
	/* Of windows that start before that, only samples that are not in history yet, whenever
	 * they were taken. */
	int64_t whole_from_unix_ns;
	bool is_rest; /* that is found out when the snapshot is taken: since when nothing is gone */
};

static bool is_whole(const struct window *window, const struct wanted *wanted)
{
	return window->start_unix_ns >= wanted->whole_from_unix_ns;
}

static bool is_wanted(const struct window *window, const struct wanted *wanted)
{
	if (is_whole(window, wanted))
		return window->start_unix_ns < wanted->end_unix_ns &&
		       window->start_unix_ns + WINDOW_NS > wanted->start_unix_ns;
	return !window_is_written(window) &&
	       (window->start_unix_ns <= wanted->end_unix_ns - WINDOW_NS ||
		window->start_unix_ns > wanted->end_unix_ns + FUTURE_NS);
}

static void store_hold_windows(struct store *store, const struct wanted *wanted,
			       struct snapshot *snapshot)
{
	for (size_t i = 0; i < store->n_windows; i++) {
		struct window *window = store->windows[i];

		if (!is_wanted(window, wanted))
			continue;
		window->refs++;
		snapshot->windows[snapshot->n_windows++] = (struct snapshot_window){
			.window = window,
			.first_sample = is_whole(window, wanted) ? 0 : window->n_written,
			.n_samples = window->n_samples,
			.dictionary_i = snapshot_put_dictionary(snapshot, window->dictionary),
		};
	}
}

static int store_fill_snapshot(struct store *store, const struct wanted *wanted,
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
	store_hold_windows(store, wanted, snapshot);
	return 0;
}

/* The second that begins at @unix_ns, or next after it. */
static int64_t next_second(int64_t unix_ns)
{
	int64_t start_unix_ns = window_start_of(unix_ns);

	return start_unix_ns < unix_ns ? start_unix_ns + WINDOW_NS : start_unix_ns;
}

static int store_take_snapshot(struct store *store, struct wanted *wanted,
			       struct snapshot *ret_snapshot)
{
	struct snapshot snapshot = { .store = store, .period_ns = store->options.period_ns };
	int r;

	pthread_mutex_lock(&store->lock);
	if (wanted->is_rest)
		wanted->whole_from_unix_ns = next_second(store->gone_until_unix_ns);
	r = store_fill_snapshot(store, wanted, &snapshot);
	pthread_mutex_unlock(&store->lock);
	if (r < 0) {
		snapshot_fini(&snapshot);
		return r;
	}
	*ret_snapshot = snapshot;
	return 0;
}

void snapshot_set_source(struct store *store, const struct snapshot_source *source)
{
	store->past = *source;
}

/* Whether history has, or may have, what the store has no more. */
static bool is_in_past(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns)
{
	const struct snapshot_source *past = &store->past;
	int64_t gone_until_unix_ns;

	if (!past->read || start_unix_ns >= end_unix_ns || !past->is_open(past->context))
		return false;
	pthread_mutex_lock(&store->lock);
	gone_until_unix_ns = store->gone_until_unix_ns;
	pthread_mutex_unlock(&store->lock);
	return start_unix_ns < gone_until_unix_ns;
}

int snapshot_init_as(struct store *store, const struct snapshot_wish *wish,
		     struct snapshot *ret_snapshot)
{
	struct wanted wanted = {
		.start_unix_ns = wish->start_unix_ns,
		.end_unix_ns = wish->end_unix_ns,
		.whole_from_unix_ns = INT64_MIN,
	};
	int r;

	if (is_in_past(store, wish->start_unix_ns, wish->end_unix_ns))
		r = store->past.read(store->past.context, store, wish, ret_snapshot);
	else
		r = store_take_snapshot(store, &wanted, ret_snapshot);
	if (r == 0)
		ret_snapshot->is_by_second = wish->is_by_second;
	return r;
}

int snapshot_init(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
		  struct snapshot *ret_snapshot)
{
	const struct snapshot_wish wish = { .start_unix_ns = start_unix_ns,
					    .end_unix_ns = end_unix_ns };

	return snapshot_init_as(store, &wish, ret_snapshot);
}

int snapshot_add_past(struct snapshot *snapshot, struct past *past)
{
	const struct dictionary *dictionary = past_dictionary(past);
	struct snapshot_dictionary *dictionaries = realloc(
		snapshot->dictionaries, (snapshot->n_dictionaries + 1) * sizeof(*dictionaries));

	if (!dictionaries)
		return -ENOMEM;
	snapshot->dictionaries = dictionaries;
	dictionaries[snapshot->n_dictionaries++] = (struct snapshot_dictionary){
		.dictionary = dictionary,
		.n_threads = dictionary->threads.count,
		.n_stacks = dictionary->stacks.count,
		.n_frames = dictionary->frames.count,
	};
	snapshot->past = past;
	return 0;
}

int snapshot_init_unwritten(struct store *store, int64_t end_unix_ns, struct snapshot *ret_snapshot)
{
	struct wanted wanted = {
		.end_unix_ns =
			end_unix_ns < INT64_MAX - FUTURE_NS ? end_unix_ns : INT64_MAX - FUTURE_NS,
		.whole_from_unix_ns = INT64_MAX,
	};

	return store_take_snapshot(store, &wanted, ret_snapshot);
}

int snapshot_init_rest(struct store *store, const struct snapshot_wish *wish,
		       int64_t *ret_past_end_unix_ns, struct snapshot *ret_snapshot)
{
	struct wanted wanted = {
		.start_unix_ns = wish->start_unix_ns,
		.end_unix_ns = INT64_MAX - FUTURE_NS,
		.is_rest = true,
	};
	int r = store_take_snapshot(store, &wanted, ret_snapshot);

	if (r == 0)
		*ret_past_end_unix_ns = wanted.whole_from_unix_ns;
	return r;
}

void snapshot_mark_written(const struct snapshot *snapshot)
{
	pthread_mutex_lock(&snapshot->store->lock);
	for (size_t i = 0; i < snapshot->n_windows; i++)
		snapshot->windows[i].window->n_written = snapshot->windows[i].n_samples;
	pthread_mutex_unlock(&snapshot->store->lock);
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
	past_free(snapshot->past);
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
