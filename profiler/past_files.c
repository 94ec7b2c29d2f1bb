/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_files.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/file_view.h"
#include "profiler/frame.h"
#include "profiler/store_state.h"

/* The file that lives on: the same path, and the same build. */
static const struct file_view *find_living(const struct store *store, const struct past_file *file)
{
	const struct file_view *view = NULL;

	if (file->key.build_id.n_bytes)
		view = file_table_find_build_id(&store->files, &file->key.build_id);
	return view && view->number < FRAME_FIRST_PAST_FILE && !strcmp(view->path, file->path)
		       ? view
		       : NULL;
}

/* Ask for names, and hold the file until they come, and for good if they do. Of a file that has no
 * key, nobody has any. */
static void ask(struct store *store, uint32_t number, const struct past_file *file)
{
	struct past_questions *questions = &store->past_questions;

	if (!file->key.build_id.n_bytes || questions->event_fd < 0 ||
	    questions->n_held == PAST_FILES_MAX ||
	    file_table_hold(&store->files, number, file->path) < 0)
		return;
	questions->n_held++;
	questions->waiting[questions->n_waiting++] = number;
	questions->n_open++;
	(void)eventfd_write(questions->event_fd, 1);
}

/* Make it known, with the names that another file of the same build has, if there is one. */
static int add(struct store *store, uint32_t number, const struct past_file *file)
{
	struct file_view *twin =
		file->key.build_id.n_bytes
			? file_table_find_build_id(&store->files, &file->key.build_id)
			: NULL;
	int r;

	twin = twin ? file_view_ref(twin) : NULL;
	r = file_table_hold(&store->files, number, file->path);
	if (r == 0) {
		r = file_table_describe(&store->files, number, &file->description);
		if (r == 0)
			r = file_table_set_key(&store->files, number, &file->key);
		if (r == 0 && twin && twin->symbols)
			r = file_table_name(&store->files, number, twin->state, twin->symbols);
		else if (r == 0)
			ask(store, number, file);
		if (r < 0)
			file_table_drop(&store->files, number);
	}
	file_view_unref(twin);
	return r;
}

int past_files_hold(struct store *store, const struct past_file *file, uint32_t *ret_file)
{
	const struct file_view *living;
	int r;

	if (file->number >= FRAME_FIRST_NAMED - FRAME_FIRST_PAST_FILE)
		return -EINVAL;
	pthread_mutex_lock(&store->lock);
	living = find_living(store, file);
	*ret_file = living ? living->number : FRAME_FIRST_PAST_FILE + file->number;
	if (file_table_find(&store->files, *ret_file))
		r = file_table_hold(&store->files, *ret_file, file->path);
	else
		r = add(store, *ret_file, file);
	pthread_mutex_unlock(&store->lock);
	return r;
}

void past_files_drop(struct store *store, uint32_t file)
{
	pthread_mutex_lock(&store->lock);
	file_table_drop(&store->files, file);
	pthread_mutex_unlock(&store->lock);
}

void past_questions_init(struct past_questions *questions)
{
	pthread_condattr_t attributes;

	questions->event_fd = -1;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&questions->answered, &attributes);
	pthread_condattr_destroy(&attributes);
}

void past_files_take_answer(struct store *store, uint32_t number)
{
	struct past_questions *questions = &store->past_questions;
	const struct file_view *view = file_table_find(&store->files, number);

	if (questions->n_open > 0 && --questions->n_open == 0)
		pthread_cond_broadcast(&questions->answered);
	if (view && !view->symbols) {
		file_table_drop(&store->files, number);
		questions->n_held--;
	}
}

void past_files_await(struct store *store, int timeout_ms)
{
	struct past_questions *questions = &store->past_questions;
	int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
	const struct timespec end = { end_ns / NS_PER_SECOND, end_ns % NS_PER_SECOND };
	int r = 0;

	pthread_mutex_lock(&store->lock);
	while (questions->n_open > 0 && r == 0)
		r = pthread_cond_timedwait(&questions->answered, &store->lock, &end);
	if (r == ETIMEDOUT) /* whoever is to answer is busy: others need not wait for him, too */
		questions->n_open = 0;
	pthread_mutex_unlock(&store->lock);
}

int past_files_open(struct store *store)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	pthread_mutex_lock(&store->lock);
	store->past_questions.event_fd = fd;
	pthread_mutex_unlock(&store->lock);
	return fd;
}

bool past_files_next(struct store *store, uint32_t *ret_file, struct binary_key *ret_key)
{
	struct past_questions *questions = &store->past_questions;
	const struct file_view *view = NULL;
	eventfd_t count;

	pthread_mutex_lock(&store->lock);
	(void)eventfd_read(questions->event_fd, &count);
	while (!view && questions->n_waiting > 0) {
		*ret_file = questions->waiting[--questions->n_waiting];
		view = file_table_find(&store->files, *ret_file);
		if (view)
			*ret_key = view->key;
	}
	pthread_mutex_unlock(&store->lock);
	return view;
}
