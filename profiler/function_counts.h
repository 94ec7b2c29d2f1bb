/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Function counts: the CPU time of the functions of each service that use most of it, as counters.
 *
 * A few functions of a service are *listed*: what they use is counted up. Which ones that are
 * changes slowly, so that whoever watches a series sees it for a while: one that is listed stays
 * for FUNCTION_STAY_NS at least, and leaves only for one that has lately used half as much again,
 * or when it uses nothing any more. All others are watched, within bounds, but not counted.
 */

#include <stddef.h>
#include <stdint.h>

#define FUNCTION_SERIES_MAX     1000 /* listed functions, of all services together */
#define FUNCTION_WATCHED_MAX    10000
#define FUNCTION_NAME_MAX_BYTES 255 /* of a name; the rest of it is cut off */
#define FUNCTION_STAY_NS        (300LL * 1000 * 1000 * 1000)

/* CPU time lately used in a function. Texts are borrowed. */
struct function_sum {
	const char *service;
	const char *function;
	uint64_t cpu_ns;
};

struct function_count {
	char *service;
	char *function;
	uint64_t cpu_ns;   /* since it is listed, with what got it there */
	uint64_t newest;   /* ns: what it used since the last call */
	uint64_t lately;   /* ns, those of long ago count less */
	int64_t listed_ns; /* since when, on the monotonic clock; 0: it is not */
};

struct function_counts {
	struct function_count *items; /* sorted by service, then function */
	size_t n_items;
	size_t n_listed;
	uint32_t n_of_service; /* how many of each are listed */
	uint64_t n_refused;    /* functions that found one of the bounds reached, each time */
};

/* A zeroed struct lists nothing; @n_of_service is to be set. */
void function_counts_fini(struct function_counts *counts);

/*
 * Count what was used since the last call; sums of one function are added up. Sorts @sums.
 *
 * Returns 0, or -ENOMEM: nothing was counted.
 */
int function_counts_add(struct function_counts *counts, struct function_sum *sums, size_t n_sums,
			int64_t now_ns);
