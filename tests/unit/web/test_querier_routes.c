/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "querier_asker.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_not_all_methods),
		cmocka_unit_test(makes_no_answer_while_large_ones_are_sent),
	};

	return cmocka_run_group_tests_name("querier routes", tests, NULL, NULL);
}
