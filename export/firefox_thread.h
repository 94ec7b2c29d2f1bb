/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Firefox thread: the tables of one thread, in the order in which its samples need them.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"

struct buffer;
struct timeline;
struct timeline_thread;

enum firefox_category {
	FIREFOX_OTHER, /* the default one, which must be grey */
	FIREFOX_USER,
	FIREFOX_KERNEL,
	FIREFOX_JIT,
};

/* What of the profile is in which row of a table; in use again for the next thread. */
struct firefox_rows {
	uint32_t *row_of;  /* by number in the profile: 1 + the row, 0: there is none */
	uint32_t *numbers; /* by row */
	uint32_t n_rows;
};

struct firefox_stack {
	uint32_t caller; /* 1 + the row, 0: none */
	uint32_t frame;
};

struct firefox_tables {
	const struct timeline *timeline;
	struct firefox_rows strings;   /* of profile->strings */
	struct firefox_rows functions; /* of profile->functions */
	struct firefox_rows frames;    /* of profile->lines: each is of one location */
	struct firefox_rows resources; /* of profile->mappings */
	uint32_t *locations;           /* by line: whose it is */
	uint32_t *first_frames;        /* by row of a function */
	struct firefox_stack *stacks;
	size_t n_stacks;
	size_t stack_capacity;
	struct pair_map stack_index;
};

/* Returns 0 and initialises *@ret_tables, or -ENOMEM. */
int firefox_tables_init(const struct timeline *timeline, struct firefox_tables *ret_tables);

/* Works on a zeroed struct. */
void firefox_tables_fini(struct firefox_tables *tables);

/* Append the thread as a JSON object. Returns 0, -ENOMEM or -EFBIG. */
int firefox_thread_append(struct firefox_tables *tables, const struct timeline_thread *thread,
			  struct buffer *out);
