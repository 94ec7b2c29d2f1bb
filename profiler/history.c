/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/history_moments.h"
#include "profiler/history_retention.h"
#include "profiler/history_schema.h"
#include "profiler/history_translator.h"
#include "profiler/history_windows.h"
#include "profiler/history_writer.h"
#include "profiler/past.h"
#include "profiler/past_files.h"
#include "profiler/snapshot.h"
#include "profiler/snapshot_source.h"

#define MAX_PATH_BYTES    4200
#define WRITER_TIMEOUT_MS 2000
#define READER_TIMEOUT_MS 5000
#define NAMES_TIMEOUT_MS  2000
#define MAX_IDLE          4
/* How many longer windows one tick makes at most: each takes milliseconds, and none is urgent. */
#define ROLL_UPS_A_TICK 20
/* A range up to this may begin and end within seconds. */
#define PARTS_MAX_NS (60 * NS_PER_SECOND)

const char *const history_error_names[HISTORY_ERROR_COUNT] = {
	[HISTORY_ERROR_FULL] = "full",       [HISTORY_ERROR_READ_ONLY] = "read_only",
	[HISTORY_ERROR_DAMAGED] = "damaged", [HISTORY_ERROR_BUSY] = "busy",
	[HISTORY_ERROR_VERSION] = "version", [HISTORY_ERROR_NO_MEMORY] = "no_memory",
	[HISTORY_ERROR_IO] = "io",
};

struct history {
	char path[MAX_PATH_BYTES];
	bool is_in_memory;
	char name[32]; /* of a database in memory */
	struct database *database;
	struct history_translator *translator;
	/* Held for reading by readers while they begin; in memory, until they end. */
	pthread_rwlock_t both;
	struct history_retention retention;
	void (*on_put_aside)(const char *name); /* or NULL */
	pthread_mutex_t status_lock;
	struct history_status status;
	/* Under the same lock: */
	struct database *idle[MAX_IDLE]; /* connections of readers */
	size_t n_idle;
	bool is_open;    /* it can be read */
	bool is_damaged; /* … but a reader has met damage */
};

static struct database_options connection_of(const struct history *history, int timeout_ms)
{
	return (struct database_options){
		.path = history->path,
		.name = history->name,
		.busy_timeout_ms = timeout_ms,
	};
}

static enum history_error error_of(int r)
{
	switch (r) {
	case -ENOSPC:
		return HISTORY_ERROR_FULL;
	case -EROFS:
		return HISTORY_ERROR_READ_ONLY;
	case -EBADMSG:
		return HISTORY_ERROR_DAMAGED;
	case -EBUSY:
		return HISTORY_ERROR_BUSY;
	case -EPROTO:
		return HISTORY_ERROR_VERSION;
	case -ENOMEM:
		return HISTORY_ERROR_NO_MEMORY;
	default:
		return HISTORY_ERROR_IO;
	}
}

static void history_count_error(struct history *history, int r)
{
	pthread_mutex_lock(&history->status_lock);
	history->status.errors[error_of(r)]++;
	pthread_mutex_unlock(&history->status_lock);
}

static void history_count_damage(struct history *history, uint64_t n_damaged)
{
	pthread_mutex_lock(&history->status_lock);
	history->status.damaged += n_damaged;
	pthread_mutex_unlock(&history->status_lock);
}

static void history_close_idle(struct history *history)
{
	pthread_mutex_lock(&history->status_lock);
	while (history->n_idle > 0)
		database_close(history->idle[--history->n_idle]);
	pthread_mutex_unlock(&history->status_lock);
}

static void history_set_open(struct history *history, bool is_open)
{
	pthread_mutex_lock(&history->status_lock);
	history->is_open = is_open;
	history->is_damaged = false;
	pthread_mutex_unlock(&history->status_lock);
}

static int history_look(struct history *history)
{
	int64_t bytes = 0, free_bytes = 0, moments_bytes = 0, oldest_unix_s = 0, newest_unix_s = 0;
	int r;

	r = database_get_size(history->database, &bytes, &free_bytes);
	if (r == 0)
		r = history_moments_get_bytes(history->database, &moments_bytes);
	if (r == 0)
		r = database_get_number(history->database, "SELECT min(start) FROM window",
					&oldest_unix_s);
	if (r == 0)
		r = database_get_number(history->database, "SELECT max(start) FROM window",
					&newest_unix_s);
	if (r < 0)
		return r;
	pthread_mutex_lock(&history->status_lock);
	history->status.bytes = bytes - free_bytes;
	history->status.moments_bytes = moments_bytes;
	history->status.oldest_unix_s = oldest_unix_s;
	history->status.newest_unix_s = newest_unix_s;
	pthread_mutex_unlock(&history->status_lock);
	return 0;
}

/* Open the database, with its tables. */
static int history_open_database(struct history *history)
{
	struct database_options options = connection_of(history, WRITER_TIMEOUT_MS);
	_cleanup_(database_closep) struct database *database = NULL;
	int r;

	r = database_open(&options, &database);
	if (r == 0)
		r = history_schema_apply(database);
	if (r == 0)
		r = history_translator_new(database, &history->translator);
	if (r < 0)
		return r;
	history->database = steal(database);
	history_set_open(history, true);
	return history_look(history);
}

/* Give a damaged database another name, and its log with it, for whoever wants to look at it. */
static int history_put_aside(struct history *history)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	char from[MAX_PATH_BYTES + 8], to[MAX_PATH_BYTES + 64];
	long long now_s = clock_unix_ns() / NS_PER_SECOND;
	int r = 0;

	history_set_open(history, false);
	history_close_idle(history);
	history->translator = history_translator_free(history->translator);
	history->database = database_close(history->database);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", history->path, endings[i]);
		snprintf(to, sizeof(to), "%s.damaged-%lld%s", history->path, now_s, endings[i]);
		if (rename(from, to) < 0)
			r = errno == ENOENT ? r : -errno;
		else if (i == 0 && history->on_put_aside)
			history->on_put_aside(strrchr(to, '/') + 1);
	}
	return r;
}

/* Open it, if need be instead of a damaged one. */
static int history_open_any(struct history *history)
{
	int r = history_open_database(history);

	if (r == -EBADMSG) {
		history_count_error(history, r);
		r = history_put_aside(history);
		if (r == 0)
			r = history_open_database(history);
	}
	if (r < 0)
		history_count_error(history, r);
	return r;
}

int history_open(const struct history_options *options, struct history **ret_history)
{
	struct history *history = calloc(1, sizeof(*history));

	*ret_history = NULL;
	if (!history)
		return -ENOMEM;
	history->retention.age_s = options->retention_age_s;
	history->retention.bytes = options->retention_bytes;
	history->on_put_aside = options->on_put_aside;
	pthread_rwlock_init(&history->both, NULL);
	pthread_mutex_init(&history->status_lock, NULL);
	history->is_in_memory = !strcmp(options->folder, DATABASE_IN_MEMORY);
	if (!history->is_in_memory) {
		snprintf(history->path, sizeof(history->path), "%s/history.sqlite",
			 options->folder);
	} else {
		snprintf(history->path, sizeof(history->path), "%s", DATABASE_IN_MEMORY);
		snprintf(history->name, sizeof(history->name), "history-%p", (void *)history);
	}
	*ret_history = history;
	return history_open_any(history);
}

struct history *history_close(struct history *history)
{
	if (!history)
		return NULL;
	history_close_idle(history);
	history_retention_fini(&history->retention);
	history_translator_free(history->translator);
	database_close(history->database);
	pthread_rwlock_destroy(&history->both);
	pthread_mutex_destroy(&history->status_lock);
	free(history);
	return NULL;
}

/* Undo what has not been committed. Returns @r. */
static int history_undo(struct history *history, int r)
{
	database_rollback(history->database);
	history_translator_forget(history->translator);
	return r;
}

/*
 * On disk, readers see what was there when they began, and are kept out only while a commit is
 * marked in the store. In memory, whoever writes is alone from the beginning of each transaction to
 * its end.
 */
static void history_lock(struct history *history, bool is_due)
{
	if (is_due)
		pthread_rwlock_wrlock(&history->both);
}

static void history_unlock(struct history *history, bool is_due)
{
	if (is_due)
		pthread_rwlock_unlock(&history->both);
}

/* Commit, and say so in the store, so that no reader sees samples twice, or not at all. */
static int history_commit_samples(struct history *history, const struct snapshot *snapshot)
{
	int r;

	history_lock(history, !history->is_in_memory);
	r = database_commit(history->database);
	if (r == 0)
		snapshot_mark_written(snapshot);
	history_unlock(history, !history->is_in_memory);
	return r;
}

static int history_write_samples(struct history *history, const struct snapshot *snapshot,
				 uint64_t *ret_n_samples)
{
	int r = database_begin(history->database);

	if (r == 0)
		r = history_writer_add(history->database, history->translator, snapshot,
				       ret_n_samples);
	if (r == 0)
		r = history_commit_samples(history, snapshot);
	return r < 0 ? history_undo(history, r) : 0;
}

static int history_write(struct history *history, struct store *store, int64_t end_unix_ns)
{
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	uint64_t n_samples = 0;
	int r;

	r = snapshot_init_unwritten(store, end_unix_ns, &snapshot);
	if (r < 0 || !snapshot.n_windows)
		return r;
	history_lock(history, history->is_in_memory);
	r = history_write_samples(history, &snapshot, &n_samples);
	history_unlock(history, history->is_in_memory);
	if (r < 0)
		return r;
	pthread_mutex_lock(&history->status_lock);
	history->status.written += n_samples;
	pthread_mutex_unlock(&history->status_lock);
	return 0;
}

/* Make one longer window. Returns 1 if there may be more to do, 0 if not, or an error. */
static int history_roll_up_once(struct history *history, int64_t now_unix_s, uint64_t *n_damaged)
{
	int committed, r;

	history_lock(history, history->is_in_memory);
	r = database_begin(history->database);
	if (r == 0)
		r = history_windows_roll_up(history->database, now_unix_s, n_damaged);
	committed = r < 0 ? r : database_commit(history->database);
	if (committed < 0)
		r = history_undo(history, committed);
	history_unlock(history, history->is_in_memory);
	return r;
}

static int history_roll_up(struct history *history, int64_t now_unix_s)
{
	uint64_t n_damaged = 0, n_roll_ups = 0;
	int r = 1;

	while (r == 1 && n_roll_ups < ROLL_UPS_A_TICK) {
		r = history_roll_up_once(history, now_unix_s, &n_damaged);
		n_roll_ups += r == 1;
	}
	pthread_mutex_lock(&history->status_lock);
	history->status.roll_ups += n_roll_ups;
	pthread_mutex_unlock(&history->status_lock);
	history_count_damage(history, n_damaged);
	return r < 0 ? r : 0;
}

/* Forget what is too old, or too much. */
static int history_forget(struct history *history, int64_t now_unix_s)
{
	struct history_gone gone = { 0 };
	int r = history_retention_begin(&history->retention, history->database, now_unix_s);

	if (r < 0)
		return r;
	do {
		history_lock(history, history->is_in_memory);
		r = history_retention_step(&history->retention, history->database, &gone);
		history_unlock(history, history->is_in_memory);
	} while (r == 1);
	if (gone.rows_collected)
		history_translator_forget(history->translator);
	pthread_mutex_lock(&history->status_lock);
	history->status.windows_expired += gone.windows_expired;
	history->status.windows_evicted += gone.windows_evicted;
	history->status.moments_evicted += gone.moments_evicted;
	history->status.rows_collected += gone.rows_collected;
	pthread_mutex_unlock(&history->status_lock);
	return r;
}

/* Where the disk is full, what is forgotten makes room for what is new. */
static int history_run(struct history *history, struct store *store, int64_t end_unix_ns,
		       int64_t now_unix_s)
{
	int r = history_write(history, store, end_unix_ns);

	if (r == 0)
		r = history_roll_up(history, now_unix_s);
	if (r == 0 || r == -ENOSPC) {
		int forgotten = history_forget(history, now_unix_s);

		r = r < 0 ? r : forgotten;
	}
	return r < 0 ? r : history_look(history);
}

/* Whether a reader has met damage. */
static bool history_is_damaged(struct history *history)
{
	bool is_damaged;

	pthread_mutex_lock(&history->status_lock);
	is_damaged = history->is_damaged;
	pthread_mutex_unlock(&history->status_lock);
	return is_damaged;
}

int history_tick(struct history *history, struct store *store, int64_t end_unix_ns,
		 int64_t now_unix_ns)
{
	int r = history_is_damaged(history) ? -EBADMSG : 0;

	if (r == 0 && !history->database) {
		r = history_open_any(history);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = history_run(history, store, end_unix_ns, now_unix_ns / NS_PER_SECOND);
	if (r == 0)
		return 0;
	history_count_error(history, r);
	if (r == -EBADMSG)
		(void)history_put_aside(history);
	return r;
}

static bool history_is_open(void *context)
{
	struct history *history = context;
	bool is_open;

	pthread_mutex_lock(&history->status_lock);
	is_open = history->is_open;
	pthread_mutex_unlock(&history->status_lock);
	return is_open;
}

void history_get_status(struct history *history, struct history_status *ret_status)
{
	pthread_mutex_lock(&history->status_lock);
	*ret_status = history->status;
	pthread_mutex_unlock(&history->status_lock);
}

/* A connection for one reader: one that was used before, or a new one. */
static int history_borrow(struct history *history, struct database **ret_database)
{
	struct database_options options = connection_of(history, READER_TIMEOUT_MS);

	pthread_mutex_lock(&history->status_lock);
	*ret_database = history->n_idle ? history->idle[--history->n_idle] : NULL;
	pthread_mutex_unlock(&history->status_lock);
	if (*ret_database)
		return 0;
	options.is_read_only = true;
	return database_open(&options, ret_database);
}

/* Give it back; after an error, for good: the file may have become another. */
static void history_give_back(struct history *history, struct database *database, int r)
{
	database_rollback(database);
	pthread_mutex_lock(&history->status_lock);
	if (r == 0 && history->n_idle < MAX_IDLE) {
		history->idle[history->n_idle++] = database;
		database = NULL;
	}
	pthread_mutex_unlock(&history->status_lock);
	database_close(database);
}

/* The first second whose middle is at @unix_ns or later. */
static int64_t second_from(int64_t unix_ns)
{
	return unix_ns / NS_PER_SECOND + (unix_ns % NS_PER_SECOND > NS_PER_SECOND / 2);
}

/* Whether exact times are to tell what lies in the range: of a long one, what a second has at its
 * ends matters little, and to look at each sample takes much. */
static bool has_parts_of_seconds(const struct snapshot_wish *wish)
{
	int64_t length_ns;

	if (wish->is_by_second || (wish->detail != PAST_TOTALS && wish->detail != PAST_STACKS &&
				   wish->detail != PAST_MOMENTS))
		return false;
	if (__builtin_sub_overflow(wish->end_unix_ns, wish->start_unix_ns, &length_ns) ||
	    length_ns > PARTS_MAX_NS)
		return false;
	return wish->start_unix_ns % NS_PER_SECOND || wish->end_unix_ns % NS_PER_SECOND;
}

/* What is to be read of history for @wish. */
static struct past_wish past_wish_of(const struct snapshot_wish *wish)
{
	struct past_wish past_wish = {
		.start_unix_s = second_from(wish->start_unix_ns),
		.end_unix_s = second_from(wish->end_unix_ns),
		.detail = wish->detail,
		.start_unix_ns = wish->start_unix_ns,
		.end_unix_ns = wish->end_unix_ns,
		.grid = wish->grid,
		.budget = wish->budget,
	};

	if (has_parts_of_seconds(wish)) {
		past_wish.has_parts = true;
		past_wish.detail = PAST_MOMENTS;
		past_wish.start_unix_s = wish->start_unix_ns / NS_PER_SECOND;
		past_wish.end_unix_s = (wish->end_unix_ns - 1) / NS_PER_SECOND + 1;
	}
	return past_wish;
}

/* Hold what the store has, and leave to @past_wish what it has not. */
static int history_hold_rest(struct store *store, const struct snapshot_wish *wish,
			     struct past_wish *past_wish, struct snapshot *ret_snapshot)
{
	int64_t past_end_unix_ns;
	int r = snapshot_init_rest(store, wish, &past_end_unix_ns, ret_snapshot);

	if (r == 0 && past_wish->end_unix_s > past_end_unix_ns / NS_PER_SECOND)
		past_wish->end_unix_s = past_end_unix_ns / NS_PER_SECOND;
	return r;
}

/* What history has of @wish, put into the snapshot. */
static int history_read_past(struct history *history, struct database *database,
			     const struct past_wish *wish, struct snapshot *snapshot)
{
	struct past *past = NULL;
	uint64_t n_damaged = 0;
	int r = past_read(database, wish, snapshot->store, &past, &n_damaged);

	history_count_damage(history, n_damaged);
	if (r == 0)
		r = snapshot_add_past(snapshot, past);
	if (r < 0)
		past_free(past);
	return r;
}

/* The next tick puts the database aside. */
static void history_note_damage(struct history *history)
{
	pthread_mutex_lock(&history->status_lock);
	history->is_damaged = true;
	pthread_mutex_unlock(&history->status_lock);
}

static int history_read(void *context, struct store *store, const struct snapshot_wish *wish,
			struct snapshot *ret_snapshot)
{
	struct history *history = context;
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	struct past_wish past_wish = past_wish_of(wish);
	struct database *database;
	int r = history_borrow(history, &database);

	if (r == 0) {
		pthread_rwlock_rdlock(&history->both);
		r = database_begin_reading(database);
		if (r == 0)
			r = history_hold_rest(store, wish, &past_wish, &snapshot);
		if (!history->is_in_memory)
			pthread_rwlock_unlock(&history->both);
		if (r == 0)
			r = history_read_past(history, database, &past_wish, &snapshot);
		history_give_back(history, database, r);
		if (history->is_in_memory)
			pthread_rwlock_unlock(&history->both);
	}
	if (r == -EBADMSG)
		history_note_damage(history);
	else if (r < 0 && r != -EDQUOT)
		history_count_error(history, r);
	if (r < 0)
		return r;
	past_files_await(store, NAMES_TIMEOUT_MS);
	*ret_snapshot = snapshot;
	snapshot = (struct snapshot){ 0 };
	return 0;
}

void history_attach(struct history *history, struct store *store)
{
	const struct snapshot_source source = {
		.read = history_read,
		.is_open = history_is_open,
		.context = history,
	};

	snapshot_set_source(store, &source);
}
