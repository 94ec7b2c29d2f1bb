/* SPDX-License-Identifier: Apache-2.0 */
#include "web/work_queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "unwind/demangle.h"

/* Said, for what a thread has by default depends on the limits of whoever starts us. */
#define WORKER_STACK_BYTES (2 * DEMANGLE_STACK_BYTES)

struct work_list {
	struct work *first;
	struct work **end; /* where the next one is linked in */
};

struct work_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct work_list waiting;
	struct work_list done;
	bool is_ending;
	int done_fd;
	unsigned int n_workers;
	pthread_t workers[];
};

DEFINE_CLEANUP(struct work_queue *, work_queue_free)

static void list_init(struct work_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_append(struct work_list *list, struct work *work)
{
	work->next = NULL;
	*list->end = work;
	list->end = &work->next;
}

static struct work *list_take_first(struct work_list *list)
{
	struct work *work = list->first;

	list->first = work->next;
	if (!list->first)
		list->end = &list->first;
	return work;
}

/* The next work, or NULL when the queue ends. */
static struct work *wait_for_work(struct work_queue *queue)
{
	struct work *work = NULL;

	pthread_mutex_lock(&queue->lock);
	while (!queue->waiting.first && !queue->is_ending)
		pthread_cond_wait(&queue->changed, &queue->lock);
	if (!queue->is_ending)
		work = list_take_first(&queue->waiting);
	pthread_mutex_unlock(&queue->lock);
	return work;
}

static void *run_worker(void *argument)
{
	struct work_queue *queue = argument;
	struct work *work;

	while ((work = wait_for_work(queue))) {
		work->run(work);
		pthread_mutex_lock(&queue->lock);
		list_append(&queue->done, work);
		pthread_mutex_unlock(&queue->lock);
		eventfd_write(queue->done_fd, 1);
	}
	return NULL;
}

static int start_workers(struct work_queue *queue, unsigned int n_workers)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (r == 0 && queue->n_workers < n_workers) {
		r = pthread_create(&queue->workers[queue->n_workers], &attributes, run_worker,
				   queue);
		queue->n_workers += r == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

int work_queue_new(unsigned int n_workers, struct work_queue **ret_queue)
{
	_cleanup_(work_queue_freep) struct work_queue *queue =
		calloc(1, sizeof(*queue) + n_workers * sizeof(queue->workers[0]));
	int r;

	if (!queue)
		return -ENOMEM;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->changed, NULL);
	list_init(&queue->waiting);
	list_init(&queue->done);
	queue->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->done_fd < 0)
		return -errno;
	r = start_workers(queue, n_workers);
	if (r < 0)
		return r;
	*ret_queue = steal(queue);
	return 0;
}

struct work_queue *work_queue_free(struct work_queue *queue)
{
	if (!queue)
		return NULL;
	pthread_mutex_lock(&queue->lock);
	queue->is_ending = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	for (unsigned int i = 0; i < queue->n_workers; i++)
		pthread_join(queue->workers[i], NULL);
	closep(&queue->done_fd);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
	return NULL;
}

int work_queue_fd(const struct work_queue *queue)
{
	return queue->done_fd;
}

void work_queue_add(struct work_queue *queue, struct work *work)
{
	pthread_mutex_lock(&queue->lock);
	list_append(&queue->waiting, work);
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

struct work *work_queue_take_done(struct work_queue *queue)
{
	struct work *done;
	eventfd_t count;

	eventfd_read(queue->done_fd, &count);
	pthread_mutex_lock(&queue->lock);
	done = queue->done.first;
	list_init(&queue->done);
	pthread_mutex_unlock(&queue->lock);
	return done;
}
