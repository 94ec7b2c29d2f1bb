/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History retention: what is too old leaves history, and the oldest of what is too much.
 *
 * By age. Nothing is forgotten for the sake of one wrong moment: a clock that leaps ahead by more
 * than five minutes, or is that far ahead of the last window when a daemon starts, is believed
 * after sixty ticks (ten minutes); until then, windows are as old as they were before.
 *
 * By bytes. The database's file is held within the bound: beside it there is a log (WAL) of 4 MiB,
 * or of what one tick has written. Once it is larger, the oldest windows leave, of each tick at
 * most a tenth; if they do not suffice, what they alone have used is collected. The last window
 * stays, whatever it takes.
 *
 * Exact times (history_moments.h) stay for an hour, and take an eighth of the bytes at most.
 *
 * All of it is done in steps, each of them a transaction of some milliseconds.
 */

#include <stdbool.h>
#include <stdint.h>

struct database;
struct history_collection;

/* What remains to be done. */
enum history_retention_phase {
	HISTORY_RETENTION_EXPIRE,
	HISTORY_RETENTION_MOMENTS,
	HISTORY_RETENTION_EVICT,
	HISTORY_RETENTION_MARK,
	HISTORY_RETENTION_SWEEP,
	HISTORY_RETENTION_SHRINK,
	HISTORY_RETENTION_CHECKPOINT,
	HISTORY_RETENTION_DONE,
};

/* Zeroed, but for what is wished. */
struct history_retention {
	int64_t age_s; /* how long a window stays */
	int64_t bytes; /* how large the database may become */
	enum history_retention_phase phase;
	int64_t believed_unix_s; /* what the time is, 0: nobody has said */
	uint32_t n_doubts;       /* ticks since the clock has leapt ahead of that */
	int64_t next_collect_unix_s;
	uint64_t n_gone; /* windows, since the last collection */
	struct history_collection *collection;
	bool has_collected; /* in this tick, and */
	bool has_shrunk;    /* likewise */
};

/* How much has gone. */
struct history_gone {
	uint64_t windows_expired;
	uint64_t windows_evicted;
	uint64_t moments_evicted; /* pieces, by their bound on bytes */
	uint64_t rows_collected;
};

/* A tick begins at @now_unix_s. Returns 0 or an error of database.h. */
int history_retention_begin(struct history_retention *retention, struct database *database,
			    int64_t now_unix_s);

/*
 * Do the next step, and add to @gone what went. Once rows have been collected, numbers that
 * somebody keeps in memory may lead nowhere.
 *
 * Returns 1 if there are more, 0 if that was the last, or an error of database.h: then the step has
 * done nothing, and the tick is over.
 */
int history_retention_step(struct history_retention *retention, struct database *database,
			   struct history_gone *gone);

/* Works on a zeroed struct. It may begin a tick after that. */
void history_retention_fini(struct history_retention *retention);
