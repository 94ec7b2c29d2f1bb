/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Work queue: things that take long, done by threads, in the order in which they were asked for.
 *
 *     loop thread  --add-->  workers  --descriptor readable-->  loop thread  --take_done-->
 *
 * It has no bound of its own: whoever adds knows what is on its way.
 */

struct work_queue;

/* To be embedded in what is worked on. */
struct work {
	void (*run)(struct work *work); /* on a worker's thread */
	struct work *next;
};

/*
 * Start @n_workers threads; they take no signals.
 *
 * Returns 0 and sets *@ret_queue (owned by the caller), or -ENOMEM, or what eventfd(2) or
 * pthread_create(3) say.
 */
int work_queue_new(unsigned int n_workers, struct work_queue **ret_queue);

/* Waits for what is being worked on; what is still queued is not run. Accepts NULL. Always returns
 * NULL. */
struct work_queue *work_queue_free(struct work_queue *queue);

/* Readable when work is done. */
int work_queue_fd(const struct work_queue *queue);

/* @work is borrowed until work_queue_take_done() hands it back, or the queue is freed. */
void work_queue_add(struct work_queue *queue, struct work *work);

/* All that is done since the last call, oldest first, as a list; NULL if nothing is. */
struct work *work_queue_take_done(struct work_queue *queue);
