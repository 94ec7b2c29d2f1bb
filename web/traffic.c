/* SPDX-License-Identifier: Apache-2.0 */
#include "web/traffic.h"

#include <assert.h>

const int64_t traffic_buckets_ns[TRAFFIC_N_BUCKETS] = {
	1000000, 5000000, 25000000, 100000000, 500000000, 2500000000, 10000000000,
};
const unsigned int traffic_codes[TRAFFIC_N_CODES] = {
	200, 301, 304, 400, 403, 404, 405, 413, 415, 429, 500, 501, 503, 504,
};

void traffic_count(struct traffic *traffic, size_t route_i, unsigned int code, int64_t duration_ns)
{
	struct route_traffic *route = &traffic->routes[route_i];
	size_t code_i = 0, bucket_i = 0;

	assert(route_i < TRAFFIC_MAX_ROUTES);
	while (traffic_codes[code_i] != code) {
		code_i++;
		assert(code_i < TRAFFIC_N_CODES);
	}
	while (bucket_i < TRAFFIC_N_BUCKETS && duration_ns > traffic_buckets_ns[bucket_i])
		bucket_i++;
	route->answers[code_i]++;
	route->durations[bucket_i]++;
	route->duration_ns += (uint64_t)duration_ns;
}

void traffic_count_limits(struct traffic *traffic, unsigned int limits_met)
{
	for (int i = 0; i < QUERY_LIMIT_COUNT; i++)
		traffic->query_limits[i] += limits_met >> i & 1;
}
