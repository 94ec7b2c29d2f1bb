/* SPDX-License-Identifier: Apache-2.0 */
#include "web/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/query_budget.h"

static void takes_a_target_apart(void **state)
{
	struct request request = { 0 };

	(void)state;
	assert_int_equal(request_set_target(&request, "/a%20b+c?d=%20&e?f"), 0);
	assert_string_equal(request.path, "/a b+c");
	assert_string_equal(request.query, "d=%20&e?f");
	request_fini(&request);
	assert_int_equal(request_set_target(&request, "/"), 0);
	assert_null(request.query);
	request_fini(&request);
	assert_int_equal(request_set_target(&request, "/%00"), -EINVAL);
	request_fini(&request);
}

static void bounds_the_body(void **state)
{
	static const char bytes[REQUEST_BODY_MAX];
	struct request request = { 0 };

	(void)state;
	request_add_body(&request, bytes, sizeof(bytes));
	assert_false(request.body_is_too_large);
	assert_int_equal(request.body.size, REQUEST_BODY_MAX);
	request_add_body(&request, "x", 1);
	assert_true(request.body_is_too_large);
	assert_int_equal(request.body.size, 0);
	request_add_body(&request, "x", 1);
	assert_int_equal(request.body.size, 0);
	request_fini(&request);
}

static void knows_methods(void **state)
{
	(void)state;
	assert_int_equal(method_from_name("GET"), METHOD_GET);
	assert_int_equal(method_from_name("HEAD"), METHOD_HEAD);
	assert_int_equal(method_from_name("POST"), METHOD_POST);
	assert_int_equal(method_from_name("get"), METHOD_OTHER);
	assert_int_equal(method_from_name(""), METHOD_OTHER);
}

static void reads_times_or_answers(void **state)
{
	struct request request = { 0 };
	int64_t ns;

	(void)state;
	assert_int_equal(parameters_parse("from=5&to=later", &request.parameters), 0);
	assert_true(request_get_time(&request, "from", 0, 0, &ns));
	assert_int_equal(ns, 5000000000);
	assert_true(request_get_time(&request, "at", 0, 42, &ns));
	assert_int_equal(ns, 42);
	assert_int_equal(request.answer.code, 0);
	assert_false(request_get_time(&request, "to", 0, 0, &ns));
	assert_int_equal(request.answer.code, 400);
	assert_non_null(memmem(request.answer.body.data, request.answer.body.size,
			       "parameter to is \"later\"", 23));
	request_fini(&request);
}

static void tells_limits_that_left_something_out(void **state)
{
	static const struct {
		unsigned int limits;
		const char *header;
	} examples[] = {
		{ 0, NULL },
		{ 1U << QUERY_LIMIT_CPU_TIME, NULL },
		{ 1U << QUERY_LIMIT_MATCH, "match" },
		{ 1U << QUERY_LIMIT_GROUPS, "groups" },
		{ 1U << QUERY_LIMIT_MATCH | 1U << QUERY_LIMIT_GROUPS, "match, groups" },
		{ 1U << QUERY_LIMIT_SAMPLES, "samples" },
		{ 1U << QUERY_LIMIT_MATCH | 1U << QUERY_LIMIT_SAMPLES, "match, samples" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct request request = { .limits_met = examples[i].limits };

		request_tell_limits(&request);
		assert_int_equal(request.answer.n_headers, examples[i].header != NULL);
		if (examples[i].header)
			assert_string_equal(request.answer.headers[0].value, examples[i].header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "takes a target apart", takes_a_target_apart },
		{ "bounds the body", bounds_the_body },
		{ "knows methods", knows_methods },
		{ "reads times, or answers", reads_times_or_answers },
		{ "tells limits that left something out", tells_limits_that_left_something_out },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
