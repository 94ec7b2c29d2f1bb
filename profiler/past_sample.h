/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past sample: what is read of history, and what is wanted of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/clock.h"
#include "profiler/time_grid.h"

struct query_budget;

/* What of the samples is wanted. The less, the faster. */
enum past_detail {
	PAST_TOTALS, /* threads and stacks; the time is that of the range's start */
	PAST_STACKS, /* the same, each stack once; the thread means nothing */
	PAST_STEPS,  /* threads and steps; the second is one of the step, the stack means nothing */
	PAST_TIMES,  /* the same, and exact times of the latest, where they are kept */
	PAST_ENDS, /* threads and stacks; each at its first time, and, with all others, its last */
	PAST_MOMENTS, /* threads, stacks, and exact times, likewise */
};

struct past_wish {
	int64_t start_unix_s;
	int64_t end_unix_s; /* exclusive */
	enum past_detail detail;
	bool has_parts; /* of PAST_MOMENTS: the range is that below, within these seconds */
	int64_t start_unix_ns;
	int64_t end_unix_ns;
	struct time_grid grid;       /* of PAST_STEPS and PAST_TIMES */
	struct query_budget *budget; /* or NULL: no limits */
};

struct past_sample {
	int64_t unix_s;
	uint32_t thread; /* numbers of history; once described, indices of the dictionary */
	uint32_t stack;
	uint64_t count;
	uint64_t value;
	uint32_t off_ns; /* in its second, if it is_exact */
	uint16_t cpu;    /* likewise */
	bool is_exact;   /* one sample, as history_moments.h has it; else all that are alike */
};

/* When it was taken: if that is not known, the middle of its second. */
static inline int64_t past_sample_unix_ns(const struct past_sample *sample)
{
	return sample->unix_s * NS_PER_SECOND +
	       (sample->is_exact ? sample->off_ns : NS_PER_SECOND / 2);
}
