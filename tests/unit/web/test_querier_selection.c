/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/label.h"
#include "profiler/selector.h"
#include "web/querier_call.h"
#include "web/request.h"

#define CPU "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

static void takes_whole_milliseconds(void **state)
{
	static const struct {
		int64_t start_ms, end_ms, start_ns, end_ns;
	} examples[] = {
		{ 5, 5, 5000000, 6000000 },
		{ -1, 0, -1000000, 1000000 },
		{ 0, 0, 0, INT64_MAX },
	};
	struct request request = { 0 };
	struct querier_call call = { .request = &request };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct querier_scope scope = { NULL, "{}", examples[i].start_ms,
						     examples[i].end_ms };
		struct querier_selection selection = { 0 };

		assert_true(querier_selection_init(&call, &scope, &selection));
		assert_int_equal(selection.query.start_unix_ns, examples[i].start_ns);
		assert_int_equal(selection.query.end_unix_ns, examples[i].end_ns);
		assert_ptr_equal(selection.query.budget, &call.budget);
		querier_selection_fini(&selection);
	}
}

/* Only what is about samples is left to the query. */
static void settles_what_is_about_types(void **state)
{
	static const struct label comm = { "comm", "api" }, other = { "comm", "db" };
	const struct querier_scope scope = { CPU, CPU "{__unit__=~\"nano.*\",comm=\"api\"}", 1, 2 };
	struct request request = { 0 };
	struct querier_call call = { .request = &request };
	struct querier_selection selection = { 0 };

	(void)state;
	assert_true(querier_selection_init(&call, &scope, &selection));
	assert_ptr_equal(querier_selection_type(&selection), &querier_types[0]);
	assert_true(selection.has_type[0]);
	assert_false(selection.has_type[1]);
	assert_true(selector_matches(selection.query.selector, &comm, 1, NULL));
	assert_false(selector_matches(selection.query.selector, &other, 1, NULL));
	querier_selection_fini(&selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_whole_milliseconds),
		cmocka_unit_test(settles_what_is_about_types),
	};

	return cmocka_run_group_tests_name("querier selection", tests, NULL, NULL);
}
