/* SPDX-License-Identifier: Apache-2.0 */
#include "web/time_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "web/request.h"

/* The range that a query string means, an hour until 5000 s by default. */
static bool get(const char *query, struct time_range *ret_range, char message[256])
{
	struct request request = { 0 };
	bool is_range;

	*ret_range = (struct time_range){ 1400 * NS_PER_SECOND, 5000 * NS_PER_SECOND };
	assert_int_equal(parameters_parse(query, &request.parameters), 0);
	is_range = time_range_get(&request, "a", "b", ret_range);
	assert_true(is_range == !request.answer.code);
	if (!is_range) {
		assert_int_equal(request.answer.code, 400);
		snprintf(message, 256, "%.*s", (int)request.answer.body.size,
			 request.answer.body.data);
	}
	request_fini(&request);
	return is_range;
}

static void keeps_what_is_not_said(void **state)
{
	static const struct {
		const char *query;
		int64_t start_s, end_s;
	} examples[] = {
		{ "", 1400, 5000 },  { "a=2000", 2000, 5000 },      { "b=4000", 400, 4000 },
		{ "a=1&b=2", 1, 2 }, { "from=1&to=2", 1400, 5000 },
	};
	struct time_range range;
	char message[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		assert_true(get(examples[i].query, &range, message));
		assert_int_equal(range.start_unix_ns, examples[i].start_s * NS_PER_SECOND);
		assert_int_equal(range.end_unix_ns, examples[i].end_s * NS_PER_SECOND);
	}
}

static void says_what_is_no_range(void **state)
{
	struct time_range range;
	char message[256];

	(void)state;
	assert_false(get("a=5000", &range, message));
	assert_non_null(strstr(message, "parameter a"));
	assert_non_null(strstr(message, "before the time of b"));
	assert_false(get("b=soon", &range, message));
	assert_non_null(strstr(message, "parameter b"));
}

static void finds_what_lies_before_a_range(void **state)
{
	const struct time_range range = { 10, 30 }, longest = { INT64_MIN + 5, INT64_MAX };

	(void)state;
	assert_int_equal(time_range_before(&range).start_unix_ns, -10);
	assert_int_equal(time_range_before(&range).end_unix_ns, 10);
	assert_true(time_range_before(&longest).start_unix_ns == INT64_MIN);
	assert_true(time_range_before(&longest).end_unix_ns == INT64_MIN + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_not_said),
		cmocka_unit_test(says_what_is_no_range),
		cmocka_unit_test(finds_what_lies_before_a_range),
	};

	return cmocka_run_group_tests_name("time range", tests, NULL, NULL);
}
