/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Snapshot: what a query reads of the store, held so that it can be read without the store's lock.
 *
 * Any thread may take one. Windows are not copied, only held; so taking and giving back are short.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/past.h"

struct build_id;
struct dictionary;
struct file_view;
struct kernel_view;
struct past;
struct query_budget;
struct snapshot_source;
struct store;
struct symbol_cache;
struct window;

/* The counts are those of when the snapshot was taken; more may have come since. */
struct snapshot_dictionary {
	const struct dictionary *dictionary;
	struct kernel_view *kernel; /* as it was then; or NULL */
	uint32_t n_threads, n_stacks, n_frames;
};

struct snapshot_window {
	struct window *window;
	size_t first_sample; /* those before it are in history, and not meant here */
	size_t n_samples;    /* in the window, those included */
	size_t dictionary_i; /* in the snapshot's dictionaries */
};

struct snapshot {
	struct store *store;
	struct snapshot_window *windows;
	size_t n_windows;
	struct snapshot_dictionary *dictionaries;
	size_t n_dictionaries;
	struct kernel_view *kernel; /* as it is; or NULL */
	struct past *past;          /* or NULL: all of it was in the store */
	struct symbol_cache *symbol_cache;
	int64_t period_ns;
	bool is_by_second; /* as wished */
};

struct snapshot_wish {
	int64_t start_unix_ns;
	int64_t end_unix_ns;         /* exclusive */
	bool is_by_second;           /* a sample's time is the middle of its second */
	enum past_detail detail;     /* of what is in history */
	struct time_grid grid;       /* of PAST_STEPS and PAST_TIMES */
	struct query_budget *budget; /* of reading that; or NULL: no limits */
};

/* Snapshots of @store ask @source, too. Before there are threads. */
void snapshot_set_source(struct store *store, const struct snapshot_source *source);

/*
 * Hold the windows with samples of the range. What the store has no more is read from history, if
 * there is one: that may take a while, and there a sample belongs to the range by its second.
 *
 * Returns 0 and initialises *@ret_snapshot, -ENOMEM, -EDQUOT, or an error of database.h.
 */
int snapshot_init_as(struct store *store, const struct snapshot_wish *wish,
		     struct snapshot *ret_snapshot);

/* The same, for who wants totals of exact times. */
int snapshot_init(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
		  struct snapshot *ret_snapshot);

/*
 * Hold the windows with samples that are not in history yet: those that are over at @end_unix_ns,
 * and any in the future, where the clock was put back. With INT64_MAX: all that there are.
 *
 * Returns 0 and initialises *@ret_snapshot, or -ENOMEM.
 */
int snapshot_init_unwritten(struct store *store, int64_t end_unix_ns,
			    struct snapshot *ret_snapshot);

/*
 * Hold what of @wish is to be read from the store when history is read as well: all from
 * *@ret_past_end_unix_ns on, a whole second, since when the store has everything, with exact times
 * and the names that have come meanwhile; and before that what history does not have yet.
 *
 * Returns 0 and initialises *@ret_snapshot, or -ENOMEM.
 */
int snapshot_init_rest(struct store *store, const struct snapshot_wish *wish,
		       int64_t *ret_past_end_unix_ns, struct snapshot *ret_snapshot);

/* All samples of the snapshot are in history now. */
void snapshot_mark_written(const struct snapshot *snapshot);

/* Put what was read of history into the snapshot, which owns it then. Returns 0 or -ENOMEM. */
int snapshot_add_past(struct snapshot *snapshot, struct past *past);

/* Works on a zeroed struct. */
void snapshot_fini(struct snapshot *snapshot);

/*
 * What is known of a file now, or NULL if there is no such file (any more): never for one that a
 * stack in the snapshot refers to. Owned by the caller: file_view_unref().
 */
struct file_view *snapshot_find_file(const struct snapshot *snapshot, uint32_t file);

/* As above, by build id; of several files with it, the one with most names. */
struct file_view *snapshot_find_build_id(const struct snapshot *snapshot,
					 const struct build_id *build_id);
