/* SPDX-License-Identifier: Apache-2.0 */
#include "web/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"

static struct site site;

/* What @method @target at @host gets. */
static struct request ask(enum method method, const char *target, const char *host)
{
	struct request request = { .method = method, .host = host };

	assert_int_equal(request_set_target(&request, target), 0);
	route_begin(&request, &site);
	route_finish(&request);
	return request;
}

static void finds_routes(void **state)
{
	static const struct {
		const char *path, *name, *wildcard;
	} examples[] = {
		{ "/", "ui", NULL },
		{ "/main.js", "ui_file", "main.js" },
		{ "/metrics", "metrics", NULL },
		{ "/metrics/", "unknown", NULL },
		{ "/debug/pprof/profile", "pprof_profile", NULL },
		{ "/debug/pprof/heap", "pprof_other", "heap" },
		{ "/api/v1/labels/comm/values", "api_label_values", "comm" },
		{ "/api/v1/labels//values", "unknown", NULL },
		{ "/api/v1/labels/a/b/values", "unknown", NULL },
		{ "/api/v1/labels", "api_labels", NULL },
		{ "", "unknown", NULL },
		{ "*", "unknown", NULL },
		{ "/*", "ui_file", "*" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const char *wildcard;
		size_t length;
		const struct route *route = route_find(examples[i].path, &wildcard, &length);

		if (strcmp(route->name, examples[i].name))
			fail_msg("%s is %s", examples[i].path, route->name);
		if (!examples[i].wildcard)
			continue;
		assert_int_equal(length, strlen(examples[i].wildcard));
		assert_memory_equal(wildcard, examples[i].wildcard, length);
	}
}

static void has_names_that_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++) {
		assert_int_equal(route_number(&routes[i]), i);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(routes[i].name, routes[j].name);
	}
	assert_null(routes[n_routes - 1].path);
}

static void assert_code(enum method method, const char *target, const char *host, unsigned int code)
{
	struct request request = ask(method, target, host);

	if (request.answer.code != code)
		fail_msg("%s is %u", target, request.answer.code);
	request_fini(&request);
}

static void checks_before_it_works(void **state)
{
	(void)state;
	assert_code(METHOD_GET, "/-/healthy", "localhost", 200);
	assert_code(METHOD_GET, "/-/healthy", NULL, 200);
	assert_code(METHOD_HEAD, "/-/healthy", "localhost", 200);
	assert_code(METHOD_GET, "/-/healthy", "evil.example", 403);
	assert_code(METHOD_GET, "/no/such/path", "evil.example", 403);
	assert_code(METHOD_GET, "/no/such/path", "localhost", 404);
	assert_code(METHOD_GET, "/api/v1/diff?format=svg", "localhost", 400);
	assert_code(METHOD_POST, "/-/healthy", "localhost", 405);
	assert_code(METHOD_OTHER, "/-/healthy", "localhost", 405);
	assert_code(METHOD_GET, "/-/healthy?a=%00", "localhost", 400);
}

static void leaves_long_work_to_others(void **state)
{
	struct request request = ask(METHOD_GET, "/debug/pprof/profile?seconds=5", "localhost");

	(void)state;
	assert_int_equal(request.answer.code, 0);
	assert_non_null(request.work);
	assert_true(request.delay_ns >= 5000000000);
	request_fini(&request);
	request = ask(METHOD_GET, "/debug/pprof/profile?seconds=5&past=1", "localhost");
	assert_non_null(request.work);
	assert_int_equal(request.delay_ns, 0);
	request_fini(&request);
}

/* Those that are under way are in the next profile, not in none. */
static void ends_the_past_when_its_samples_have_arrived(void **state)
{
	struct request request =
		ask(METHOD_GET, "/debug/pprof/profile?seconds=5&past=1", "localhost");
	const struct selection *selection = request.job;
	const struct query *query = &selection->query;

	(void)state;
	assert_true(query->end_unix_ns <= clock_unix_ns() - 500 * NS_PER_MS);
	assert_true(query->end_unix_ns > clock_unix_ns() - 60 * NS_PER_SECOND);
	assert_int_equal(query->end_unix_ns - query->start_unix_ns, 5 * NS_PER_SECOND);
	request_fini(&request);
}

static void marks_errors_for_pprof(void **state)
{
	struct request request = ask(METHOD_GET, "/debug/pprof/heap", "localhost");

	(void)state;
	assert_int_equal(request.answer.n_headers, 1);
	assert_string_equal(request.answer.headers[0].name, "X-Go-Pprof");
	request_fini(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "finds routes", finds_routes },
		{ "has names that differ", has_names_that_differ },
		{ "checks before it works", checks_before_it_works },
		{ "leaves long work to others", leaves_long_work_to_others },
		{ "ends the past when its samples have arrived",
		  ends_the_past_when_its_samples_have_arrived },
		{ "marks errors for pprof", marks_errors_for_pprof },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
