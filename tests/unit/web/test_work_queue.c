/* SPDX-License-Identifier: Apache-2.0 */
#include "web/work_queue.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define N_ITEMS 500

struct item {
	struct work work; /* first: a work is an item */
	pthread_t thread;
	int n_runs;
};

static void run_item(struct work *work)
{
	struct item *item = (struct item *)work;

	item->thread = pthread_self();
	item->n_runs++;
}

static void wait_for_done(struct work_queue *queue)
{
	struct pollfd ready = { .fd = work_queue_fd(queue), .events = POLLIN };

	assert_int_equal(poll(&ready, 1, 5000), 1);
}

static void runs_everything_once_elsewhere(void **state)
{
	static struct item items[N_ITEMS];
	struct work_queue *queue;
	int n_done = 0;

	(void)state;
	assert_int_equal(work_queue_new(3, &queue), 0);
	for (int i = 0; i < N_ITEMS; i++) {
		items[i].work.run = run_item;
		work_queue_add(queue, &items[i].work);
	}
	while (n_done < N_ITEMS) {
		wait_for_done(queue);
		for (struct work *work = work_queue_take_done(queue); work; work = work->next)
			n_done++;
	}
	for (int i = 0; i < N_ITEMS; i++) {
		assert_int_equal(items[i].n_runs, 1);
		assert_false(pthread_equal(items[i].thread, pthread_self()));
	}
	work_queue_free(queue);
}

static void keeps_the_order_with_one_worker(void **state)
{
	struct item items[50] = { 0 };
	struct work_queue *queue;
	int n_done = 0;

	(void)state;
	assert_int_equal(work_queue_new(1, &queue), 0);
	for (int i = 0; i < 50; i++) {
		items[i].work.run = run_item;
		work_queue_add(queue, &items[i].work);
	}
	while (n_done < 50) {
		wait_for_done(queue);
		for (struct work *work = work_queue_take_done(queue); work; work = work->next)
			assert_ptr_equal(work, &items[n_done++].work);
	}
	work_queue_free(queue);
}

static void has_nothing_done_when_idle(void **state)
{
	struct work_queue *queue;
	struct pollfd ready;

	(void)state;
	assert_int_equal(work_queue_new(1, &queue), 0);
	ready = (struct pollfd){ .fd = work_queue_fd(queue), .events = POLLIN };
	assert_null(work_queue_take_done(queue));
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_null(work_queue_free(queue));
	assert_null(work_queue_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "has nothing done when idle", has_nothing_done_when_idle },
		{ "keeps the order with one worker", keeps_the_order_with_one_worker },
		{ "runs everything once, elsewhere", runs_everything_once_elsewhere },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
