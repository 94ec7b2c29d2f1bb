/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_retention.h"

#include "profiler/base/array.h"
#include "profiler/database.h"
#include "profiler/history_collector.h"
#include "profiler/history_moments.h"
#include "profiler/history_windows.h"

#define MAX_LEAP_S      300
#define DOUBTED_TICKS   60
#define COLLECT_EVERY_S 3600
#define SWEPT_ROWS      2000
#define SHRUNK_PAGES    "512"

/* Bytes of the file, and those of them that are in use. */
static int get_bytes(struct database *database, int64_t *ret_bytes, int64_t *ret_used_bytes)
{
	int64_t free_bytes;
	int r = database_get_size(database, ret_bytes, &free_bytes);

	if (r == 0)
		*ret_used_bytes = *ret_bytes - free_bytes;
	return r;
}

/* Where the clock was when the last window was written. */
static int believe_windows(struct history_retention *retention, struct database *database,
			   int64_t now_unix_s)
{
	int64_t end_unix_s;
	int r = database_get_number(database, "SELECT max(start + span) FROM window", &end_unix_s);

	if (r == 0)
		retention->believed_unix_s =
			end_unix_s > 0 && end_unix_s < now_unix_s ? end_unix_s : now_unix_s;
	return r;
}

int history_retention_begin(struct history_retention *retention, struct database *database,
			    int64_t now_unix_s)
{
	int r = 0;

	if (!retention->believed_unix_s)
		r = believe_windows(retention, database, now_unix_s);
	if (r < 0)
		return r;
	if (now_unix_s <= retention->believed_unix_s + MAX_LEAP_S ||
	    ++retention->n_doubts == DOUBTED_TICKS) {
		retention->believed_unix_s = now_unix_s;
		retention->n_doubts = 0;
	}
	retention->phase = HISTORY_RETENTION_EXPIRE;
	retention->has_collected = false;
	retention->has_shrunk = false;
	return 0;
}

static int expire(struct history_retention *retention, struct database *database,
		  struct history_gone *gone)
{
	int64_t end_unix_s = retention->believed_unix_s - retention->age_s;
	uint64_t n_expired = 0;
	int r = history_windows_expire(database, end_unix_s, &n_expired);

	gone->windows_expired += n_expired;
	retention->n_gone += n_expired;
	retention->phase = HISTORY_RETENTION_MOMENTS;
	return r;
}

static int forget_moments(struct history_retention *retention, struct database *database,
			  struct history_gone *gone)
{
	int64_t age_s =
		retention->age_s < HISTORY_MOMENTS_AGE_S ? retention->age_s : HISTORY_MOMENTS_AGE_S;
	int r = history_moments_expire(database, retention->believed_unix_s - age_s);

	retention->phase = HISTORY_RETENTION_EVICT;
	return r < 0 ? r
		     : history_moments_bound(database, retention->bytes / HISTORY_MOMENTS_SHARE,
					     &gone->moments_evicted);
}

/* At most a tenth of all that windows begin at, and never the last. */
static int evict_windows(struct history_retention *retention, struct database *database,
			 struct history_gone *gone, int64_t *used_bytes)
{
	int64_t n_starts = 0, bytes;
	int r = database_get_number(database, "SELECT count(DISTINCT start) FROM window",
				    &n_starts);

	for (int64_t n_left = n_starts < 2 ? 0 : (n_starts + 9) / 10;
	     r == 0 && n_left && *used_bytes > retention->bytes; n_left--) {
		r = history_windows_evict(database);
		if (r <= 0)
			break;
		gone->windows_evicted += database_changed(database);
		retention->n_gone += database_changed(database);
		r = get_bytes(database, &bytes, used_bytes);
	}
	return r < 0 ? r : 0;
}

/* Once in a while, if there is anything to be collected. If the clock was put back, too. */
static bool is_collection_due(const struct history_retention *retention)
{
	int64_t next_unix_s = retention->next_collect_unix_s;

	return retention->believed_unix_s >= next_unix_s ||
	       retention->believed_unix_s < next_unix_s - COLLECT_EVERY_S;
}

static int evict(struct history_retention *retention, struct database *database,
		 struct history_gone *gone)
{
	int64_t bytes, used_bytes = 0;
	int r = get_bytes(database, &bytes, &used_bytes);

	if (r == 0)
		r = evict_windows(retention, database, gone, &used_bytes);
	if (r < 0)
		return r;
	retention->phase = HISTORY_RETENTION_SHRINK;
	if (retention->n_gone && (used_bytes > retention->bytes || is_collection_due(retention)))
		retention->phase = HISTORY_RETENTION_MARK;
	return 0;
}

static int mark(struct history_retention *retention, struct database *database,
		struct history_gone *gone)
{
	int r = history_collection_new(database, &retention->collection);

	(void)gone;
	retention->phase = HISTORY_RETENTION_SWEEP;
	return r;
}

static int sweep(struct history_retention *retention, struct database *database,
		 struct history_gone *gone)
{
	int r = history_collection_sweep(retention->collection, SWEPT_ROWS, &gone->rows_collected);

	(void)database;
	if (r != 0)
		return r < 0 ? r : 0;
	retention->collection = history_collection_free(retention->collection);
	retention->n_gone = 0;
	retention->next_collect_unix_s = retention->believed_unix_s + COLLECT_EVERY_S;
	retention->has_collected = true;
	retention->phase = HISTORY_RETENTION_SHRINK;
	return 0;
}

/* Give the disk its own back: all that is free after a collection, else what is beyond the bound.
 */
static int shrink(struct history_retention *retention, struct database *database,
		  struct history_gone *gone)
{
	int64_t bytes = 0, used_bytes = 0, before = 0;
	int r = get_bytes(database, &before, &used_bytes);

	(void)gone;
	if (r < 0)
		return r;
	if (before == used_bytes || (!retention->has_collected && before <= retention->bytes)) {
		retention->phase = retention->has_shrunk ? HISTORY_RETENTION_CHECKPOINT
							 : HISTORY_RETENTION_DONE;
		return 0;
	}
	r = database_run(database, "PRAGMA incremental_vacuum(" SHRUNK_PAGES ");");
	if (r == 0)
		r = get_bytes(database, &bytes, &used_bytes);
	if (r < 0)
		return r;
	retention->has_shrunk = true;
	if (bytes == before)
		retention->phase = HISTORY_RETENTION_CHECKPOINT;
	return 0;
}

/* Only this makes the file shorter. Where a reader is in the way, a later one does it. */
static int checkpoint(struct history_retention *retention, struct database *database,
		      struct history_gone *gone)
{
	(void)gone;
	retention->phase = HISTORY_RETENTION_DONE;
	return database_run(database, "PRAGMA wal_checkpoint(PASSIVE)");
}

static const struct {
	int (*run)(struct history_retention *retention, struct database *database,
		   struct history_gone *gone);
	bool is_writing;
} steps[HISTORY_RETENTION_DONE] = {
	[HISTORY_RETENTION_EXPIRE] = { expire, true },
	[HISTORY_RETENTION_MOMENTS] = { forget_moments, true },
	[HISTORY_RETENTION_EVICT] = { evict, true },
	[HISTORY_RETENTION_MARK] = { mark, false },
	[HISTORY_RETENTION_SWEEP] = { sweep, true },
	[HISTORY_RETENTION_SHRINK] = { shrink, true },
	[HISTORY_RETENTION_CHECKPOINT] = { checkpoint, false },
};

int history_retention_step(struct history_retention *retention, struct database *database,
			   struct history_gone *gone)
{
	const bool is_writing = steps[retention->phase].is_writing;
	struct history_gone going = *gone;
	int r = is_writing ? database_begin(database) : 0;

	if (r == 0)
		r = steps[retention->phase].run(retention, database, &going);
	if (r == 0 && is_writing)
		r = database_commit(database);
	if (r < 0) {
		database_rollback(database);
		history_retention_fini(retention);
		return r;
	}
	*gone = going;
	return retention->phase != HISTORY_RETENTION_DONE;
}

void history_retention_fini(struct history_retention *retention)
{
	retention->collection = history_collection_free(retention->collection);
}
