/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/openings.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

#define MAX_WAIT_NS (100 * NS_PER_MS)

enum {
	MAX_HELPERS = 8,
	MAX_HANGING_OF_USER = 2,
	STACK_BYTES = 256 << 10, /* some paths at once */
};

enum helper_state { HELPER_NONE, HELPER_IDLE, HELPER_BUSY, HELPER_DONE, HELPER_LEFT_ALONE };

/* A thread, and what it does. */
struct helper {
	struct openings *openings;
	pthread_t thread;
	enum helper_state state;
	struct opening *opening;
	uint64_t place;
	uint32_t user;
	int result;
};

struct openings {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t has_changed;
	bool is_over;
	struct helper helpers[MAX_HELPERS];
	struct openings_status status;
};

DEFINE_CLEANUP(struct openings *, openings_free)

int openings_new(struct openings **ret_openings)
{
	struct openings *openings = calloc(1, sizeof(*openings));
	pthread_condattr_t attributes;

	if (!openings)
		return -ENOMEM;
	pthread_mutex_init(&openings->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&openings->has_changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret_openings = openings;
	return 0;
}

struct openings *openings_free(struct openings *openings)
{
	bool is_any_left = false;

	if (!openings)
		return NULL;
	pthread_mutex_lock(&openings->lock);
	openings->is_over = true;
	pthread_cond_broadcast(&openings->has_changed);
	for (size_t i = 0; i < MAX_HELPERS; i++)
		is_any_left |= openings->helpers[i].state == HELPER_LEFT_ALONE;
	pthread_mutex_unlock(&openings->lock);
	if (is_any_left)
		return NULL;
	for (size_t i = 0; i < MAX_HELPERS; i++)
		if (openings->helpers[i].state != HELPER_NONE)
			pthread_join(openings->helpers[i].thread, NULL);
	pthread_cond_destroy(&openings->has_changed);
	pthread_mutex_destroy(&openings->lock);
	free(openings);
	return NULL;
}

/* Nobody waits for what has come of it. To close files may hang, too. */
static void discard(struct helper *helper)
{
	pthread_mutex_unlock(&helper->openings->lock);
	closep(&helper->result);
	helper->opening->free(helper->opening);
	pthread_mutex_lock(&helper->openings->lock);
	helper->opening = NULL;
	helper->state = HELPER_IDLE;
}

static void work(struct helper *helper)
{
	struct openings *openings = helper->openings;
	struct opening *opening = helper->opening;
	int result;

	pthread_mutex_unlock(&openings->lock);
	result = opening->open(opening);
	pthread_mutex_lock(&openings->lock);
	helper->result = result;
	if (helper->state == HELPER_LEFT_ALONE)
		discard(helper);
	else
		helper->state = HELPER_DONE;
	pthread_cond_broadcast(&openings->has_changed);
}

static void *run_helper(void *context)
{
	struct helper *helper = context;
	struct openings *openings = helper->openings;

	pthread_mutex_lock(&openings->lock);
	while (!openings->is_over) {
		if (helper->state == HELPER_BUSY)
			work(helper);
		else if (helper->state == HELPER_LEFT_ALONE) /* before it came to begin */
			discard(helper);
		else
			pthread_cond_wait(&openings->has_changed, &openings->lock);
	}
	pthread_mutex_unlock(&openings->lock);
	return NULL;
}

/* Signals are for the thread that samples. */
static int start_helper(struct openings *openings, struct helper *helper)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	helper->openings = openings;
	helper->state = HELPER_IDLE;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&helper->thread, &attributes, run_helper, helper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		helper->state = HELPER_NONE;
	return error ? -EAGAIN : 0;
}

/* Whether @opening would hang, as far as one can see, or its user has no more threads. */
static bool hangs(const struct openings *openings, const struct opening *opening)
{
	unsigned int n_of_user = 0;

	for (size_t i = 0; i < MAX_HELPERS; i++) {
		const struct helper *helper = &openings->helpers[i];

		if (helper->state != HELPER_LEFT_ALONE)
			continue;
		if (helper->place == opening->place)
			return true;
		n_of_user += helper->user == opening->user;
	}
	return n_of_user >= MAX_HANGING_OF_USER;
}

/* Those that are there come first. */
static int find_helper(struct openings *openings, struct helper **ret_helper)
{
	struct helper *unused = NULL;

	for (size_t i = 0; i < MAX_HELPERS; i++) {
		struct helper *helper = &openings->helpers[i];

		*ret_helper = helper;
		if (helper->state == HELPER_IDLE)
			return 0;
		if (helper->state == HELPER_NONE && !unused)
			unused = helper;
	}
	*ret_helper = unused;
	return unused ? start_helper(openings, unused) : -EBUSY;
}

static void wait_for(struct openings *openings, const struct helper *helper)
{
	int64_t end_ns = clock_monotonic_ns() + MAX_WAIT_NS;
	const struct timespec end = { end_ns / NS_PER_SECOND, end_ns % NS_PER_SECOND };
	int error = 0;

	while (helper->state == HELPER_BUSY && !error)
		error = pthread_cond_timedwait(&openings->has_changed, &openings->lock, &end);
}

/* With the lock. */
static int run(struct openings *openings, struct opening **opening)
{
	struct helper *helper;
	int r = hangs(openings, *opening) ? -EBUSY : find_helper(openings, &helper);

	openings->status.refused += r < 0;
	if (r < 0)
		return r;
	helper->opening = *opening;
	helper->place = (*opening)->place;
	helper->user = (*opening)->user;
	helper->result = -1;
	helper->state = HELPER_BUSY;
	pthread_cond_broadcast(&openings->has_changed);
	wait_for(openings, helper);
	if (helper->state == HELPER_DONE) {
		helper->state = HELPER_IDLE;
		return helper->result;
	}
	helper->state = HELPER_LEFT_ALONE;
	openings->status.late++;
	*opening = NULL;
	return -ETIMEDOUT;
}

int openings_run(struct openings *openings, struct opening **opening)
{
	int r;

	if (!openings)
		return (*opening)->open(*opening);
	pthread_mutex_lock(&openings->lock);
	r = run(openings, opening);
	pthread_mutex_unlock(&openings->lock);
	return r;
}

void openings_get_status(const struct openings *openings, struct openings_status *ret_status)
{
	*ret_status = openings->status; /* which the caller's thread alone writes */
}
