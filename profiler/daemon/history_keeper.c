/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/history_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "profiler/daemon/log.h"
#include "profiler/history.h"
#include "profiler/history_windows.h"

#define WINDOW_NS (HISTORY_FIRST_SPAN_S * NS_PER_SECOND)
#define LATE_NS                                                                                    \
	(3 * NS_PER_SECOND) /* samples, and the names of code made at run time, come so late */

struct history_keeper {
	struct history *history;
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool is_stopped;
	int last_error; /* 0, or what the last tick, or the opening, said */
};

const char *history_strerror(int error)
{
	switch (error) {
	case -ENOSPC:
		return "the disk is full";
	case -EROFS:
		return "it may not be written";
	case -EBADMSG:
		return "it is damaged";
	case -EBUSY:
		return "another process has locked it";
	case -EPROTO:
		return "a newer Pilotlight has written it; it is left alone";
	default:
		return strerror(-error);
	}
}

void history_log_put_aside(const char *name)
{
	log_line("history: it is damaged, is put aside as %s, and a new one is begun", name);
}

static void tick(struct history_keeper *keeper, int64_t end_unix_ns)
{
	int r = history_tick(keeper->history, keeper->store, end_unix_ns, clock_unix_ns());

	if (r < 0 && r != keeper->last_error)
		log_line("history: %s; what is new stays in memory", history_strerror(r));
	else if (r == 0 && keeper->last_error < 0)
		log_line("history: it is written again");
	keeper->last_error = r;
}

/* Wait until @due_unix_ns, or, if the clock is put back, no longer than a window takes. Returns
 * whether to go on. */
static bool wait_until(struct history_keeper *keeper, int64_t due_unix_ns)
{
	int64_t wait_ns = due_unix_ns - clock_unix_ns();
	int64_t due_ns = clock_monotonic_ns() + (wait_ns < 0           ? 0
						 : wait_ns > WINDOW_NS ? WINDOW_NS
								       : wait_ns);
	const struct timespec due = { due_ns / NS_PER_SECOND, due_ns % NS_PER_SECOND };
	bool is_stopped;
	int r = 0;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->is_stopped && r == 0)
		r = pthread_cond_timedwait(&keeper->stopped, &keeper->lock, &due);
	is_stopped = keeper->is_stopped;
	pthread_mutex_unlock(&keeper->lock);
	return !is_stopped;
}

static void *keep(void *context)
{
	struct history_keeper *keeper = context;
	int64_t now_ns = clock_unix_ns();
	int64_t end_ns = now_ns - now_ns % WINDOW_NS + WINDOW_NS; /* of the window that is open */

	while (wait_until(keeper, end_ns + LATE_NS)) {
		now_ns = clock_unix_ns() - LATE_NS;
		end_ns = now_ns - now_ns % WINDOW_NS;
		tick(keeper, end_ns);
		end_ns += WINDOW_NS;
	}
	tick(keeper, INT64_MAX);
	return NULL;
}

/* Signals are for the loop. */
static int start_thread(struct history_keeper *keeper)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&keeper->thread, NULL, keep, keeper);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int history_keeper_start(struct history *history, struct store *store, int opened,
			 struct history_keeper **ret_keeper)
{
	struct history_keeper *keeper = calloc(1, sizeof(*keeper));
	pthread_condattr_t attributes;
	int r;

	if (!keeper)
		return -ENOMEM;
	keeper->history = history;
	keeper->store = store;
	keeper->last_error = opened;
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->stopped, &attributes);
	pthread_condattr_destroy(&attributes);
	r = start_thread(keeper);
	if (r < 0) {
		free(keeper);
		return r;
	}
	*ret_keeper = keeper;
	return 0;
}

struct history_keeper *history_keeper_stop(struct history_keeper *keeper)
{
	if (!keeper)
		return NULL;
	pthread_mutex_lock(&keeper->lock);
	keeper->is_stopped = true;
	pthread_cond_signal(&keeper->stopped);
	pthread_mutex_unlock(&keeper->lock);
	pthread_join(keeper->thread, NULL);
	pthread_cond_destroy(&keeper->stopped);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
	return NULL;
}
