/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Timeline: the samples of a profile in order of time, and whose they are.
 *
 * A profile that was read from a format without times has none: then each of its samples is one
 * moment, at the profile's start, and who encodes it lines them up.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct profile;
struct profile_moment;

/* What tells threads apart. Texts are borrowed from the profile; "" is one that it does not know,
 * and so are pid and tid. */
struct timeline_thread {
	const char *comm; /* the process's name */
	const char *name; /* the thread's */
	const char *pid;
	const char *tid;
	uint64_t value; /* of all its samples */
	size_t first;   /* in timeline->order */
	size_t n_moments;
};

struct timeline {
	const struct profile *profile;
	const struct profile_moment *moments; /* in order of time */
	size_t n_moments;
	bool has_times;
	uint64_t n_coarse;     /* samples of which only the second is known */
	int64_t start_unix_ns; /* of the profile; where it does not say, of the first moment */
	struct timeline_thread *threads; /* the busiest first */
	size_t n_threads;
	uint32_t *thread_of; /* by label set: index of its thread */
	uint32_t *order;     /* moments, thread by thread, in order of time */
	void *owned_moments; /* or NULL */
};

/* Returns 0 and initialises *@ret_timeline, which borrows from @profile, or -ENOMEM. */
int timeline_init(const struct profile *profile, struct timeline *ret_timeline);

/* Append what the times of @timeline lack, if anything, as words between @before and @after. */
void timeline_append_lacks(const struct timeline *timeline, const char *before, const char *after,
			   struct buffer *out);

/* Works on a zeroed struct. */
void timeline_fini(struct timeline *timeline);
