/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Snapshot: what a query reads of the store, held so that it can be read without the store's lock.
 *
 * Any thread may take one. Windows are not copied, only held; so taking and giving back are short.
 */

#include <stddef.h>
#include <stdint.h>

struct build_id;
struct dictionary;
struct file_view;
struct kernel_view;
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
	size_t n_samples;
	size_t dictionary_i; /* in the snapshot's dictionaries */
};

struct snapshot {
	struct store *store;
	struct snapshot_window *windows;
	size_t n_windows;
	struct snapshot_dictionary *dictionaries;
	size_t n_dictionaries;
	struct kernel_view *kernel; /* as it is; or NULL */
	struct symbol_cache *symbol_cache;
	int64_t period_ns;
};

/*
 * Hold the windows with samples at @start_unix_ns or later and before @end_unix_ns.
 *
 * Returns 0 and initialises *@ret_snapshot, or -ENOMEM.
 */
int snapshot_init(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns,
		  struct snapshot *ret_snapshot);

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
