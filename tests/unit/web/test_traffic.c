/* SPDX-License-Identifier: Apache-2.0 */
#include "web/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void counts_by_code_and_duration(void **state)
{
	struct traffic traffic = { 0 };

	(void)state;
	traffic_count(&traffic, 2, traffic_codes[1], traffic_buckets_ns[0]);
	traffic_count(&traffic, 2, traffic_codes[1], traffic_buckets_ns[0] + 1);
	traffic_count(&traffic, 2, traffic_codes[0], INT64_MAX / 2);
	assert_int_equal(traffic.routes[2].answers[1], 2);
	assert_int_equal(traffic.routes[2].answers[0], 1);
	assert_int_equal(traffic.routes[2].durations[0], 1);
	assert_int_equal(traffic.routes[2].durations[1], 1);
	assert_int_equal(traffic.routes[2].durations[TRAFFIC_N_BUCKETS], 1);
	assert_int_equal(traffic.routes[1].answers[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "counts by code and duration", counts_by_code_and_duration },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
