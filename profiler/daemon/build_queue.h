/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build queue: the files that wait to be read in one way, and those that are being read.
 *
 * At most so many are read at once. Next is what a sample waits for, then whose turn it is among
 * those whose files wait (profiler/daemon/build_owners.h), and of his what has waited for a minute,
 * then that for which most samples wait, by what it takes. While all that are being read take
 * long, one more is that is small, and one of a user of whom none is: so nobody's files delay those
 * of others by more than some seconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/daemon/build_owners.h"

struct build_job;

struct build_queue {
	struct build_job *first; /* in the order in which they came */
	struct build_job **end;
	struct build_job *running;
	unsigned int n_running, max_running;
	struct build_owners owners;
};

void build_queue_init(struct build_queue *queue, unsigned int max_running);

/* @job is to wait. Its file is not looked at: its file system may hang. */
void build_queue_add(struct build_queue *queue, struct build_job *job);

/* Take the job that may run now, if any, or NULL. It counts as running until
 * build_queue_end(). */
struct build_job *build_queue_begin(struct build_queue *queue, int64_t now_ns);

/* @job, which was running, does not any more. It took so long. */
void build_queue_end(struct build_queue *queue, struct build_job *job, uint64_t cpu_ns);
