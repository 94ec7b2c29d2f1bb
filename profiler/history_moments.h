/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History moments: when exactly the samples of the last hour were taken.
 *
 * They lie beside the windows (history_windows.h), which alone say what there was: a moment tells
 * the time of a sample that some window has, by thread, stack and second; one that leads to no such
 * sample says nothing. So nothing that is added up depends on them, and they may go at any time.
 */

#include <stdint.h>

#include "profiler/window_moments.h"

struct database;
struct history_range;

#define HISTORY_MOMENTS_AGE_S 3600 /* how long they stay */

/* What of the bytes that history may take is theirs, at most: an eighth. */
#define HISTORY_MOMENTS_SHARE 8

/* Add the moments of a window of the first span. They are sorted. */
int history_moments_add(struct database *database, uint32_t type, int64_t start_unix_s,
			struct window_moment *moments, size_t n_moments);

/* Stops at a negative value of a callback, and returns it. */
typedef int history_on_moment(void *context, int64_t unix_s, const struct window_moment *moment);

/* The latest window's first. What is damaged is left out, and counted in *@n_damaged. */
int history_moments_each(struct database *database, const struct history_range *range,
			 history_on_moment *on_moment, void *context, uint64_t *n_damaged);

/* Since when the latest moments before the end of @range take at most @bytes: sets
 * *@ret_start_unix_s, to INT64_MAX if there are none. */
int history_moments_find_start(struct database *database, const struct history_range *range,
			       int64_t bytes, int64_t *ret_start_unix_s);

/* Forget those of windows that have ended by @end_unix_s, or that are gone. */
int history_moments_expire(struct database *database, int64_t end_unix_s);

/* Forget the oldest until all of them take at most @bytes. Adds to *@n_gone how many of the pieces
 * that were added have gone. */
int history_moments_bound(struct database *database, int64_t bytes, uint64_t *n_gone);

/* What all of them take. */
int history_moments_get_bytes(struct database *database, int64_t *ret_bytes);
