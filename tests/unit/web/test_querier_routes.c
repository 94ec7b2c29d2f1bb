/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/label.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "querier_asker.h"
#include "tests/unit/profiler/store_fixture.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

/* A store in which "api" has a sample, and so has "db". */
static struct store *new_store_of_two(void)
{
	static const struct label comm = { "comm", "db" };
	struct store *store = store_fixture_new();

	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	store_fixture_add_other(store, &comm, 1);
	return store;
}

static void has_not_all_methods(void **state)
{
	static const char *const methods[] = { "SelectHeatmap", "SelectMergeSpanProfile",
					       "AnalyzeQuery", "profileTypes", "No%20Such" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		querier_expect_error(NULL, methods[i], "{}", "unimplemented", "method");
}

static void makes_no_answer_while_large_ones_are_sent(void **state)
{
	struct site site = { .answer_bytes = SITE_ANSWERS_MAX + 1 };
	struct request request = { .method = METHOD_POST, .content_type = ANSWER_JSON };

	(void)state;
	assert_int_equal(request_set_target(&request, "/querier.v1.QuerierService/ProfileTypes"),
			 0);
	request_add_body(&request, "{}", 2);
	route_begin(&request, &site);
	assert_int_equal(request.answer.code, 0);
	request.work(&request, &site);
	assert_int_equal(request.answer.code, 503);
	assert_non_null(memmem(request.answer.body.data, request.answer.body.size, "unavailable",
			       strlen("unavailable")));
	request_fini(&request);
}

static void select_series(struct site *site, struct request *request)
{
	static const char question[] =
		"{\"profileTypeID\":\"process_cpu:cpu:nanoseconds:cpu:nanoseconds\","
		"\"labelSelector\":\"{}\",\"start\":1700000000000,\"end\":1700000060000,"
		"\"step\":60,\"groupBy\":[\"comm\"],\"limit\":1}";

	*request = (struct request){ .method = METHOD_POST, .content_type = ANSWER_JSON };
	assert_int_equal(request_set_target(request, "/querier.v1.QuerierService/SelectSeries"), 0);
	request_add_body(request, question, strlen(question));
	route_begin(request, site);
	request->work(request, site);
}

/* The header says so where an answer is not all that was asked for; so do the metrics. */
static void tells_of_limits_that_were_met(void **state)
{
	struct site site = {
		.store = new_store_of_two(),
		.query_cpu_ns = QUERY_CPU_NS,
		.query_bytes = QUERY_BYTES,
	};
	struct request request;

	(void)state;
	select_series(&site, &request);
	assert_int_equal(request.answer.code, 200);
	assert_int_equal(request.limits_met, 1U << QUERY_LIMIT_GROUPS);
	assert_string_equal(request.answer.headers[0].name, "X-Pilotlight-Limits");
	request_fini(&request);
	store_free(site.store);
}

static void has_the_limits_of_the_site(void **state)
{
	struct site site = {
		.store = new_store_of_two(),
		.query_cpu_ns = QUERY_CPU_NS,
		.query_bytes = 1,
	};
	struct request request;

	(void)state;
	select_series(&site, &request);
	assert_int_equal(request.answer.code, 429);
	assert_non_null(memmem(request.answer.body.data, request.answer.body.size,
			       "resource_exhausted", strlen("resource_exhausted")));
	assert_int_equal(request.limits_met, 1U << QUERY_LIMIT_MEMORY);
	request_fini(&request);
	store_free(site.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_not_all_methods),
		cmocka_unit_test(makes_no_answer_while_large_ones_are_sent),
		cmocka_unit_test(tells_of_limits_that_were_met),
		cmocka_unit_test(has_the_limits_of_the_site),
	};

	return cmocka_run_group_tests_name("querier routes", tests, NULL, NULL);
}
