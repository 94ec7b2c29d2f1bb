/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Traffic: what the server counts of its own work, for /metrics.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/query_budget.h"

enum {
	TRAFFIC_MAX_ROUTES = 32,
	TRAFFIC_N_BUCKETS = 7,
	TRAFFIC_N_CODES = 14,
};

struct route_traffic {
	const char *name; /* NULL: there is no such route */
	uint64_t answers[TRAFFIC_N_CODES];
	uint64_t durations[TRAFFIC_N_BUCKETS + 1]; /* not yet added up */
	uint64_t duration_ns;                      /* sum */
};

struct traffic {
	struct route_traffic routes[TRAFFIC_MAX_ROUTES]; /* as in the route table */
	uint64_t connections_accepted;
	uint64_t connections_stalled;             /* closed, since they made no progress */
	uint64_t connections_crowded_out;         /* closed to make room for others */
	uint64_t query_limits[QUERY_LIMIT_COUNT]; /* requests that met them */
	uint64_t abandoned;                       /* requests whose client left before the answer */
	uint64_t n_connections;                   /* now, as all below */
	uint64_t n_put_off;                       /* requests that wait for their profile's end */
	uint64_t n_working;                       /* requests queued for, or on, a worker */
	uint64_t answer_bytes;                    /* of answers that are being sent */
};

/* Upper bounds of the histogram of durations; one more bucket has no bound. */
extern const int64_t traffic_buckets_ns[TRAFFIC_N_BUCKETS];
/* The status codes that are answered with. */
extern const unsigned int traffic_codes[TRAFFIC_N_CODES];

/* Count an answer of route number @route_i that took @duration_ns, waiting on purpose left out. */
void traffic_count(struct traffic *traffic, size_t route_i, unsigned int code, int64_t duration_ns);

/* Count a request that met the limits whose bits @limits_met has. */
void traffic_count_limits(struct traffic *traffic, unsigned int limits_met);
