/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History windows: the samples of the past, by time.
 *
 *     10 s  →  1 min  →  10 min  →  1 h
 *
 * A window starts at a multiple of its span. Several may have one start: samples that came late
 * have a window of their own until it is rolled up with the others, and no window has more than
 * WINDOW_ROWS_MAX entries. Rolling up loses nothing: a sample keeps its second (window_rows.h), so
 * a range has the same samples before and after.
 *
 * The caller begins and commits transactions. Errors are those of database.h; what cannot be read
 * is counted in *@n_damaged and left out.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/window_rows.h"

struct database;
struct query_budget;
struct time_grid;

#define HISTORY_FIRST_SPAN_S 10   /* of the windows that are added */
#define HISTORY_LAST_SPAN_S  3600 /* the longest */

struct history_range {
	uint32_t type; /* enum sample_kind */
	int64_t start_unix_s;
	int64_t end_unix_s; /* exclusive */
};

/*
 * Who wants to see the windows of a range, one by one, each cut to the range. One that starts at
 * @start_unix_s is shown by on_entries(), or by on_rows() where that suffices: when there is no
 * on_entries(), or all of the window is in one step of @grid. Both return 0, or what ends the
 * visit.
 */
struct history_visitor {
	const struct time_grid *grid; /* or NULL: each second is a step */
	struct query_budget *budget;  /* or NULL: no limits */
	/* Sorted by thread, then stack; each pair once. */
	int (*on_rows)(void *context, int64_t start_unix_s, const struct window_rows *rows);
	int (*on_entries)(void *context, int64_t start_unix_s, const struct window_rows *rows);
	void *context;
};

/* What is to be a window of the first span. */
struct history_draft {
	uint32_t type; /* enum sample_kind */
	int64_t start_unix_s;
	uint64_t period;              /* what the value of one sample is most often */
	struct window_entry *entries; /* borrowed; sorted, and added up, when it is added */
	size_t n_entries;
};

/* A draft of too many entries becomes several windows, one without any none. */
int history_windows_add(struct database *database, const struct history_draft *draft);

/* Returns 0, -EDQUOT if the budget is used up, what a callback did, or an error. */
int history_windows_visit(struct database *database, const struct history_range *range,
			  const struct history_visitor *visitor, uint64_t *n_damaged);

/*
 * Make longer windows of those that are old enough at @now_unix_s, one start at a time.
 *
 * Returns 1 if there was something to do, and may be more; 0 if there is nothing; or an error.
 */
int history_windows_roll_up(struct database *database, int64_t now_unix_s, uint64_t *n_damaged);

/* Forget the windows that have ended by @end_unix_s. Sets *@ret_n_gone. */
int history_windows_expire(struct database *database, int64_t end_unix_s, uint64_t *ret_n_gone);

/* Forget the oldest start. Returns 1, 0 if there is no window, or an error. */
int history_windows_evict(struct database *database);
