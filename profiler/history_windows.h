/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History windows: the samples of the past, by time.
 *
 *     10 s  →  1 min  →  10 min  →  1 h
 *
 * A window starts at a multiple of its span. Several may have one start: samples that came late
 * have a window of their own until it is rolled up with the others. Rolling up loses nothing: a
 * sample keeps its second (window_rows.h), so a range has the same samples before and after.
 *
 * The caller begins and commits transactions. Errors are those of database.h; what cannot be read
 * is counted in *@n_damaged and left out.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/window_rows.h"

struct database;

#define HISTORY_FIRST_SPAN_S 10 /* of the windows that are added */

struct history_range {
	uint32_t type; /* enum sample_kind */
	int64_t start_unix_s;
	int64_t end_unix_s; /* exclusive */
};

/* The functions below stop at a negative value of a callback, and return it. */
typedef int history_on_row(void *context, const struct window_row *row);
typedef int history_on_entry(void *context, int64_t unix_s, const struct window_entry *entry);

/* What is to be a window of the first span. */
struct history_draft {
	uint32_t type; /* enum sample_kind */
	int64_t start_unix_s;
	uint64_t period;              /* what the value of one sample is most often */
	struct window_entry *entries; /* borrowed; sorted, and added up, when it is added */
	size_t n_entries;
};

int history_windows_add(struct database *database, const struct history_draft *draft);

/* The samples of a range, added up by thread and stack within each window. */
int history_windows_each_row(struct database *database, const struct history_range *range,
			     history_on_row *on_row, void *context, uint64_t *n_damaged);

/* The samples of a range, by second, too. */
int history_windows_each_entry(struct database *database, const struct history_range *range,
			       history_on_entry *on_entry, void *context, uint64_t *n_damaged);

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
