/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History: what the store forgets, kept in a database on disk (or in memory) for days.
 *
 *     store  --history_tick-->  windows of 10 s … 1 h  --history_attach-->  queries
 *
 * One thread ticks; any may read.
 *
 * Nothing here stops the daemon. A database that is damaged is put aside under another name, and a
 * new one begun; what cannot be written stays in the store for as long as that has room, and is
 * tried again at the next tick. Both are counted.
 */

#include <stdint.h>

#include "profiler/history_status.h"

struct history;
struct store;

struct history_options {
	const char *folder;      /* or ":memory:" */
	int64_t retention_age_s; /* how long a window stays */
	int64_t retention_bytes; /* how large the database may become (history_retention.h) */
	/* Or NULL; told, by who opens or ticks, what a damaged file is called in its folder now. */
	void (*on_put_aside)(const char *name);
};

/*
 * Open the history in a folder, or begin one. The folder may be unusable now, and better later:
 * each tick tries again.
 *
 * Sets *@ret_history (owned by the caller), unless there is no memory even for that: then it is
 * NULL. Returns 0, -EPROTO if a newer version has written what is there, or an error of database.h.
 */
int history_open(const struct history_options *options, struct history **ret_history);

/* Accepts NULL. Always returns NULL. What the store has since the last tick is lost, unless
 * history_tick() came before with everything. */
struct history *history_close(struct history *history);

/*
 * Write what is over in the store by @end_unix_ns (INT64_MAX: all that it has), roll up, forget
 * what is too old or too much at @now_unix_ns (history_retention.h). Returns 0, or the first error,
 * which has been counted and leaves all as it was before that step.
 */
int history_tick(struct history *history, struct store *store, int64_t end_unix_ns,
		 int64_t now_unix_ns);

void history_get_status(struct history *history, struct history_status *ret_status);

/* Snapshots of @store reach into the past from now on: each sample is there once, no tick comes in
 * between. They wait some seconds for names, if they have to be asked for. */
void history_attach(struct history *history, struct store *store);
