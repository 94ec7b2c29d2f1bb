/* SPDX-License-Identifier: Apache-2.0 */
#include "web/status_json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/clock.h"
#include "profiler/status.h"
#include "web/site.h"

static json_int_t number_at(const json_t *object, const char *name, const char *inner)
{
	const json_t *value = json_object_get(object, name);

	if (inner)
		value = json_object_get(value, inner);
	if (!value)
		fail_msg("%s is missing", inner ? inner : name);
	return json_integer_value(value);
}

static void tells_all_that_it_knows(void **state)
{
	static const struct site site = { .version = "1.2.3", .host = "node1", .kernel = "6.1" };
	struct status status = {
		.sampler = { .ticks = 10,
			     .idle = 4,
			     .frequency_hz = 99,
			     .event = "cpu-clock",
			     .start_unix_ns = clock_unix_ns() - 90 * NS_PER_SECOND,
			     .dropped = { [DROP_SERVER_BUSY] = 1 },
			     .builds = { [BUILD_CRASHED] = 2 },
			     .fetches = { .n_queued = 4, .outcomes = { [FETCH_MISSING] = 6 } },
			     .roles = { [ROLE_RESOLVER] = { .pid = 7, .restarts = 3 } } },
		.history = { .errors = { [HISTORY_ERROR_FULL] = 11 } },
		.store = { .stored = 5, .n_files = { [NAMES_LINES] = 2, [NAMES_FAILED] = 1 } },
	};
	struct buffer text = { 0 };
	json_t *object;

	(void)state;
	assert_int_equal(status_json_append(&site, &status, &text), 0);
	object = json_loadb(text.data, text.size, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "version")), "1.2.3");
	assert_string_equal(json_string_value(json_object_get(object, "event")), "cpu-clock");
	assert_int_equal(number_at(object, "ticks", NULL), 10);
	assert_int_equal(number_at(object, "idle", NULL), 4);
	assert_int_equal(number_at(object, "stored", NULL), 5);
	assert_int_equal(number_at(object, "in_flight", NULL), 0);
	assert_int_equal(number_at(object, "dropped", "server_busy"), 1);
	assert_int_equal(number_at(object, "dropped", "ring_full"), 0);
	assert_int_equal(number_at(object, "stacks", "whole"), 0);
	assert_int_equal(number_at(object, "frames", "lines"), 0);
	assert_int_equal(number_at(object, "files", "total"), 3);
	assert_int_equal(number_at(object, "files", "with_lines"), 2);
	assert_int_equal(number_at(object, "symbol_builds", "crashed"), 2);
	assert_int_equal(number_at(object, "debuginfod", "queued"), 4);
	assert_int_equal(number_at(object, "debuginfod", "missing"), 6);
	assert_int_equal(number_at(json_object_get(object, "roles"), "resolver", "restarts"), 3);
	assert_true(json_real_value(json_object_get(object, "uptime_seconds")) >= 90);
	assert_int_equal(number_at(object, "history_errors", "full"), 11);
	json_decref(object);
	buffer_fini(&text);
}

static void tells_what_it_costs_and_what_it_waits_for(void **state)
{
	static const struct site site = { .version = "1", .host = "node1", .kernel = "6.1" };
	struct status status = {
		.sampler = { .n_cpus = 2,
			     .event = "cpu-clock",
			     .bpf_run_ns = 2 * NS_PER_SECOND,
			     .bpf_run_count = 9,
			     .map_bytes = 4096,
			     .n_builds_queued = 3,
			     .n_tables_queued = 8,
			     .roles = { [ROLE_RESOLVER] = { .cpu_ns = 5 * NS_PER_SECOND } } },
	};
	struct buffer text = { 0 };
	const json_t *resolver, *kernel_half;
	json_t *object;

	(void)state;
	assert_int_equal(status_json_append(&site, &status, &text), 0);
	object = json_loadb(text.data, text.size, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(object);
	resolver = json_object_get(json_object_get(object, "roles"), "resolver");
	kernel_half = json_object_get(object, "bpf");
	assert_true(json_real_value(json_object_get(resolver, "cpu_seconds")) == 5);
	assert_true(json_real_value(json_object_get(kernel_half, "run_seconds")) == 2);
	assert_int_equal(number_at(object, "bpf", "runs"), 9);
	assert_int_equal(number_at(object, "bpf", "map_bytes"), 4096);
	assert_int_equal(number_at(object, "cpus", NULL), 2);
	assert_int_equal(number_at(object, "queued", "symbol_builds"), 3);
	assert_int_equal(number_at(object, "queued", "unwind_tables"), 8);
	json_decref(object);
	buffer_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "tells all that it knows", tells_all_that_it_knows },
		{ "tells what it costs and what it waits for",
		  tells_what_it_costs_and_what_it_waits_for },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
