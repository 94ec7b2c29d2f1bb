/* SPDX-License-Identifier: Apache-2.0 */
#include "web/profile_routes.h"

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

static void assert_answer(const char *target, int code, const char *body)
{
	struct reply reply = client_ask(fixture.port, "GET", target);

	if (reply.code != code || strcmp(reply.body, body) != 0)
		fail_msg("%s: %d %s", target, reply.code, reply.body);
	reply_fini(&reply);
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void lists_the_functions_with_most(void **state)
{
	struct reply reply = client_ask(fixture.port, "GET", "/api/v1/top?from=now-1m&n=1");
	json_t *json = json_loads(reply.body, 0, NULL);
	const json_t *first = json_array_get(json_object_get(json, "functions"), 0);

	(void)state;
	assert_int_equal(reply.code, 200);
	assert_int_equal(number(json, "count"), 3);
	assert_int_equal(number(json, "left_out"), 1);
	assert_int_equal(json_array_size(json_object_get(json, "functions")), 1);
	assert_string_equal(json_string_value(json_object_get(first, "name")), "api+0x1234");
	assert_string_equal(json_string_value(json_object_get(first, "mapping")), "/usr/bin/api");
	assert_int_equal(number(first, "self"), 3 * 10101010);
	assert_int_equal(number(first, "total_count"), 3);
	json_decref(json);
	reply_fini(&reply);
}

static void compares_with_what_was_before(void **state)
{
	(void)state;
	assert_answer("/api/v1/diff?from=now-1m&format=folded", 200,
		      "api;api+0x1000;api+0x1234 0 3\n");
	assert_answer(
		"/api/v1/diff?from=now-2h&to=now-1h&base_from=now-1m&base_to=now&format=folded",
		200, "api;api+0x1000;api+0x1234 3 0\n");
	assert_answer("/api/v1/diff?from=now-1m&base_from=now-1m&base_to=now&format=folded"
		      "&base_query={comm=%22no%22}",
		      200, "api;api+0x1000;api+0x1234 0 3\n");
	assert_answer("/api/v1/diff?from=now-1m&base_from=now-1m&base_to=now&format=folded"
		      "&query={comm=%22api%22}&hide=0x1000",
		      200, "api;api+0x1234 3 3\n");
}

static void shapes_profiles(void **state)
{
	(void)state;
	assert_answer("/api/v1/profile?from=now-1m&format=folded&focus=0x1234", 200,
		      "api;api+0x1000;api+0x1234 3\n");
	assert_answer("/api/v1/profile?from=now-1m&format=folded&ignore=0x1234$", 200, "");
	assert_answer("/api/v1/profile?from=now-1m&format=folded&show=0x10", 200,
		      "api;api+0x1000 3\n");
	assert_answer("/api/v1/profile?from=now-1m&format=folded&hide=0x10&focus=0x10", 200,
		      "api;api+0x1234 3\n");
	assert_answer("/api/v1/profile?from=now-1m&format=folded&by=exe", 200,
		      "/usr/bin/api;api+0x1000;api+0x1234 3\n");
	assert_answer("/api/v1/profile?from=now-1m&format=folded&by=nothing", 200,
		      "[unknown];api+0x1000;api+0x1234 3\n");
}

static void shows_samples_one_by_one_up_to_a_limit(void **state)
{
	struct reply reply;

	(void)state;
	reply = client_ask(fixture.port, "GET",
			   "/api/v1/profile?from=now-1m&format=perf&order=time");
	assert_int_equal(reply.code, 200);
	assert_null(reply_header(&reply, "X-Pilotlight-Limits"));
	assert_null(strstr(reply.body, "without"));
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET",
			   "/api/v1/profile?from=now-1m&format=perf&order=time&limit=2");
	assert_int_equal(reply.code, 200);
	assert_string_equal(reply_header(&reply, "X-Pilotlight-Limits"), "samples");
	assert_non_null(strstr(reply.body, "# without the last 1 samples\n"));
	reply_fini(&reply);
}

static void says_which_parameter_is_bad(void **state)
{
	static const char *const examples[][2] = {
		{ "profile?focus=(", "parameter focus is a bad regular expression" },
		{ "profile?ignore=%5B", "parameter ignore" },
		{ "profile?hide=*", "parameter hide" },
		{ "profile?show=a%7B2,1%7D", "parameter show" },
		{ "profile?by=%7B", "parameter by" },
		{ "profile?order=size", "parameter order" },
		{ "profile?order=time&format=folded", "parameter format" },
		{ "profile?order=time&limit=250001", "parameter limit" },
		{ "top?n=0", "parameter n" },
		{ "top?type=heap", "parameter type" },
		{ "top?n=many", "parameter n" },
		{ "top?sort=name", "parameter sort" },
		{ "top?query=comm", "parameter query" },
		{ "diff?format=svg", "parameter format" },
		{ "diff?base_query={", "parameter base_query" },
		{ "diff?base_from=x", "parameter base_from" },
		{ "diff?base_to=x", "parameter base_to" },
		{ "diff?base_from=now&base_to=now-1h", "parameter base_from" },
		{ "diff?focus=(", "parameter focus" },
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
	reply = client_ask(fixture.port, "GET",
			   "/api/v1/top?from=now-1m&focus=(.%2B)%2B(.%2B)%2B(.%2B)%2B[!%3F]");
	assert_int_equal(reply.code, 200);
	assert_non_null(reply_header(&reply, "X-Pilotlight-Limits"));
	assert_string_equal(reply_header(&reply, "X-Pilotlight-Limits"), "match");
	assert_non_null(strstr(reply.body, "\"limits\":[\"match\"]"));
	reply_fini(&reply);
	web_fixture_stop(&fixture);
	fixture.query_bytes = 1;
	web_fixture_start(&fixture);
	reply = client_ask(fixture.port, "GET", "/api/v1/diff?from=now-1m");
	assert_int_equal(reply.code, 400);
	assert_non_null(strstr(reply.body, "of memory: select less"));
	reply_fini(&reply);
}

/* Whether the web, started anew with so much memory a query, answers. */
static bool is_within(size_t query_bytes, const char *target)
{
	struct reply reply;
	int code;

	web_fixture_stop(&fixture);
	fixture.query_bytes = query_bytes;
	web_fixture_start(&fixture);
	reply = client_ask(fixture.port, "GET", target);
	code = reply.code;
	assert_true(code == 200 || strstr(reply.body, "of memory: select less"));
	reply_fini(&reply);
	return code == 200;
}

static void counts_both_sides_of_a_diff(void **state)
{
	static const char one[] = "/api/v1/profile?from=now-1m";
	static const char two[] = "/api/v1/diff?from=now-1m&base_from=now-1m&base_to=now"
				  "&format=folded";
	size_t query_bytes = 1024;

	(void)state;
	while (!is_within(query_bytes, one))
		query_bytes += query_bytes / 4;
	assert_false(is_within(query_bytes, two));
	assert_true(is_within(1 << 20, two));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_the_functions_with_most, set_up, tear_down),
		cmocka_unit_test_setup_teardown(compares_with_what_was_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shapes_profiles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shows_samples_one_by_one_up_to_a_limit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(says_which_parameter_is_bad, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_which_limit_was_met, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_both_sides_of_a_diff, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("profile routes", tests, NULL, NULL);
}
