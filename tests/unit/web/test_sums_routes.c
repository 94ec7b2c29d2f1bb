/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sums_routes.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_client.h"
#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/store.h"
#include "web_fixture.h"

static struct web_fixture fixture;

static int set_up(void **state)
{
	(void)state;
	web_fixture_init(&fixture);
	web_fixture_start(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	web_fixture_fini(&fixture);
	return 0;
}

/* What a route answers, which is JSON. */
static json_t *answer(const char *target)
{
	struct reply reply = client_ask(fixture.port, "GET", target);
	json_error_t error;
	json_t *json = json_loads(reply.body, 0, &error);

	if (reply.code != 200 || !json)
		fail_msg("%s: %d %s", target, reply.code, reply.body);
	assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
	reply_fini(&reply);
	return json;
}

static json_int_t number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", name);
	return json_integer_value(value);
}

static json_int_t sum(const json_t *array)
{
	const json_t *value;
	json_int_t total = 0;
	size_t i;

	json_array_foreach(array, i, value) total +=
		json_is_array(value) ? sum(value) : json_integer_value(value);
	return total;
}

static void tells_which_series_there_are(void **state)
{
	json_t *json = answer("/api/v1/series?from=now-1m");
	const json_t *series = json_array_get(json_object_get(json, "series"), 0);
	const json_t *labels = json_object_get(series, "labels");

	(void)state;
	assert_int_equal(number(json, "count"), 3);
	assert_int_equal(number(json, "value"), 3 * 10101010);
	assert_int_equal(json_array_size(json_object_get(json, "series")), 1);
	assert_int_equal(number(series, "count"), 3);
	assert_string_equal(json_string_value(json_object_get(labels, "comm")), "api");
	assert_string_equal(json_string_value(json_object_get(labels, "tid")), "4242");
	assert_true(json_is_null(json_object_get(json, "other")));
	assert_int_equal(json_array_size(json_object_get(json, "limits")), 0);
	json_decref(json);

	json = answer("/api/v1/series?from=now-1m&by=exe,nonsense");
	labels = json_object_get(json_array_get(json_object_get(json, "series"), 0), "labels");
	assert_int_equal(json_object_size(labels), 1);
	json_decref(json);
}

static void tells_when_each_group_had_its_samples(void **state)
{
	json_t *json = answer("/api/v1/timeline?from=now-1m&to=now&step=1s&by=comm");
	const json_t *series = json_array_get(json_object_get(json, "series"), 0);

	(void)state;
	assert_int_equal(number(json, "step"), 1);
	assert_int_equal(number(json, "steps"), 60);
	assert_int_equal(json_array_size(json_object_get(series, "values")), 60);
	assert_int_equal(sum(json_object_get(series, "values")), 3 * 10101010);
	assert_int_equal(number(json, "count"), 3);
	json_decref(json);

	json = answer("/api/v1/timeline?from=1700000000&to=1700003600.5&query=%7Bcomm=%22no%22%7D");
	assert_true(json_real_value(json_object_get(json, "to")) == 1700003600.5);
	assert_int_equal(number(json, "step"), 16);
	assert_int_equal(number(json, "steps"), 226);
	assert_int_equal(json_array_size(json_object_get(json, "series")), 0);
	json_decref(json);
}

static void tells_where_in_a_second_samples_were(void **state)
{
	json_t *json = answer("/api/v1/heatmap?from=now-10s&rows=20&columns=4");
	const json_t *counts = json_object_get(json, "counts");

	(void)state;
	assert_int_equal(number(json, "rows"), 20);
	assert_int_equal(number(json, "column"), 3);
	assert_int_equal(json_array_size(counts), number(json, "columns"));
	assert_int_equal(json_array_size(json_array_get(counts, 0)), 20);
	assert_int_equal(sum(counts), 3);
	assert_int_equal(sum(json_object_get(json, "coarse")), 0);
	assert_int_equal(number(json, "count"), 3);
	json_decref(json);
}

/* The program was another build two seconds ago. */
static void tells_which_builds_have_changed(void **state)
{
	static const struct frame frame = { FRAME_NATIVE, 2, 0x1000 };
	const struct elf_description now = { .build_id = { { 0xab, 1 }, 2 } };
	const struct elf_description before = { .build_id = { { 0xcd, 2 }, 2 } };
	const struct sample sample = {
		.time_unix_ns = clock_unix_ns() - 2 * NS_PER_SECOND,
		.value = 10101010,
		.weight = 1,
		.thread = 1,
		.stack = 2,
	};
	const json_t *change;
	json_t *json;

	(void)state;
	assert_int_equal(store_describe_file(fixture.store, 1, &now), 0);
	assert_int_equal(store_add_file(fixture.store, 2, "/usr/bin/api"), 0);
	assert_int_equal(store_describe_file(fixture.store, 2, &before), 0);
	assert_int_equal(store_add_stack(fixture.store, 2, &frame, 1), 0);
	assert_int_equal(store_add_samples(fixture.store, &sample, 1), 1);
	json = answer("/api/v1/builds?from=now-1m&limit=1");
	assert_int_equal(json_array_size(json_object_get(json, "builds")), 1);
	change = json_array_get(json_object_get(json, "builds"), 0);
	assert_string_equal(json_string_value(json_object_get(change, "file")), "/usr/bin/api");
	assert_string_equal(json_string_value(json_object_get(change, "build_id")), "ab01");
	assert_string_equal(json_string_value(json_object_get(change, "before")), "cd02");
	assert_int_equal(number(change, "count"), 3);
	assert_true(json_number_value(json_object_get(change, "time")) >
		    json_number_value(json_object_get(change, "before_until")));
	assert_int_equal(number(json, "left_out"), 0);
	json_decref(json);
}

static void says_which_parameter_is_bad(void **state)
{
	static const char *const examples[][2] = {
		{ "series?by=1a", "parameter by" },
		{ "series?by=a,b,c,d,e,f,g,h,i", "parameter by" },
		{ "series?by=a,,b", "parameter by" },
		{ "series?limit=0", "parameter limit" },
		{ "series?limit=10001", "parameter limit" },
		{ "series?query={", "parameter query" },
		{ "series?from=now&to=now-1h", "parameter from" },
		{ "timeline?step=0", "parameter step" },
		{ "timeline?step=999us", "parameter step" },
		{ "timeline?step=0.0009", "parameter step" },
		{ "timeline?step=1ms", "parameter step" },
		{ "timeline?step=nan", "parameter step" },
		{ "timeline?limit=x", "parameter limit" },
		{ "timeline?by=%22", "parameter by" },
		{ "heatmap?rows=1001", "parameter rows" },
		{ "heatmap?rows=-1", "parameter rows" },
		{ "heatmap?rows=1000&columns=2000", "parameter columns" },
		{ "heatmap?columns=18446744073709551617", "parameter columns" },
		{ "heatmap?to=never", "parameter to" },
		{ "heatmap?type=heap", "parameter type" },
		{ "builds?limit=0", "parameter limit" },
		{ "builds?limit=1001", "parameter limit" },
		{ "builds?query=x", "parameter query" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char target[256];
		struct reply reply;

		snprintf(target, sizeof(target), "/api/v1/%s", examples[i][0]);
		reply = client_ask(fixture.port, "GET", target);
		if (reply.code != 400 || !strstr(reply.body, examples[i][1]))
			fail_msg("%s: %d %s", target, reply.code, reply.body);
		reply_fini(&reply);
	}
}

static void says_which_limit_was_met(void **state)
{
	struct reply reply;

	(void)state;
	web_fixture_stop(&fixture);
	fixture.query_bytes = 1;
	web_fixture_start(&fixture);
	reply = client_ask(fixture.port, "GET", "/api/v1/series?from=now-1m");
	assert_int_equal(reply.code, 400);
	assert_non_null(strstr(reply.body, "of memory: select less"));
	reply_fini(&reply);
	web_fixture_stop(&fixture);
	fixture.query_bytes = 0;
	fixture.query_cpu_ns = 1;
	web_fixture_start(&fixture);
	reply = client_ask(fixture.port, "GET", "/api/v1/profile?from=now-1m");
	assert_int_equal(reply.code, 400);
	assert_non_null(strstr(reply.body, "of CPU time: select less"));
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/metrics");
	assert_non_null(
		strstr(reply.body, "pilotlight_query_limits_total{limit=\"cpu_time\"} 1\n"));
	reply_fini(&reply);
}

static void says_that_an_expression_was_given_up(void **state)
{
	struct reply reply = client_ask(
		fixture.port, "GET",
		"/api/v1/series?from=now-1m&query={exe=~%22(.%2B)%2B(.%2B)%2B(.%2B)%2B[0-9]%22}");

	(void)state;
	assert_int_equal(reply.code, 200);
	assert_non_null(strstr(reply.body, "\"limits\":[\"match\"]"));
	assert_non_null(reply_header(&reply, "X-Pilotlight-Limits"));
	assert_string_equal(reply_header(&reply, "X-Pilotlight-Limits"), "match");
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/metrics");
	assert_non_null(strstr(reply.body, "pilotlight_query_limits_total{limit=\"match\"} 1\n"));
	reply_fini(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_which_series_there_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_when_each_group_had_its_samples, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_where_in_a_second_samples_were, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_which_builds_have_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_which_parameter_is_bad, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_which_limit_was_met, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_that_an_expression_was_given_up, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("sums routes", tests, NULL, NULL);
}
