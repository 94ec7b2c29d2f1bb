/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store state: what store.c fills, and snapshot.c and past_files.c read. Nobody else includes this.
 *
 * Windows and dictionaries have two kinds of users: the store itself, whose use counts for the
 * bound on memory, and queries, which only keep them from being freed. Both are counted under the
 * lock; freeing, which may take milliseconds, happens after it.
 */

#include <pthread.h>

#include "profiler/file_table.h"
#include "profiler/snapshot_source.h"
#include "profiler/store_status.h"

struct dictionary;
struct kernel_view;
struct symbol_cache;
struct window;

/* The names of each take some 3 MB. */
enum { MAX_PAST_KERNELS = 4 };

#define PAST_FILES_MAX 4096 /* that stay, and questions on their way */

/* Files of the past whose names are asked for; under the store's lock. */
struct past_questions {
	int event_fd;            /* readable while some wait, or −1: nobody answers */
	pthread_cond_t answered; /* all of them are */
	uint32_t n_open;
	uint32_t n_waiting; /* of these, not taken yet */
	uint32_t waiting[PAST_FILES_MAX];
	uint32_t n_held; /* files that are, beside dictionaries, by their questions */
};

struct store {
	struct store_options options;
	struct snapshot_source past; /* what the store has no more; set before there are threads */
	pthread_mutex_t lock;        /* of what follows */
	struct window **windows;     /* in the order in which they were begun */
	size_t n_windows;
	size_t window_capacity;
	struct dictionary *in_force; /* held, or NULL */
	struct file_table files;
	struct kernel_view *kernel;                         /* held, or NULL */
	struct kernel_view *past_kernels[MAX_PAST_KERNELS]; /* held, or NULL: in a ring */
	uint32_t n_past_kernels;                            /* ever */
	enum names_state kernel_state;
	struct past_questions past_questions;
	int64_t gone_until_unix_ns;        /* windows that ended by then are here no more */
	struct symbol_cache *symbol_cache; /* held */
	uint32_t next_symbols_id;
	size_t window_bytes;     /* of the windows above */
	size_t dictionary_bytes; /* of the dictionaries that they use, and the one in force */
	uint32_t n_dictionaries; /* likewise */
	uint32_t n_stacks, n_threads, n_processes; /* likewise */
	struct store_status counters;              /* what only ever counts up, but for … */
	struct service_table services;
};

/* What is to be freed once the lock has been released. A zeroed struct is empty. */
struct store_garbage {
	struct window *windows;
	struct dictionary *dictionaries;
};

/* One user of @window less; under the lock. */
void store_unref_window(struct store *store, struct window *window, struct store_garbage *garbage);

/* Not under the lock. */
void store_free_garbage(struct store_garbage *garbage);

/* Works on a zeroed struct. Whoever waits does so by a clock that nobody sets. */
void past_questions_init(struct past_questions *questions);

/* The names of a file of the past have been told; under the lock. */
void past_files_take_answer(struct store *store, uint32_t number);
