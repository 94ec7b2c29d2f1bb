/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "web/request.h"

static void goes_on_after_success(void **state)
{
	struct request request = { 0 };
	struct querier_call call = { .request = &request };

	(void)state;
	assert_true(querier_call_goes_on(&call, 0));
	assert_true(querier_call_goes_on(&call, 1));
	assert_int_equal(request.answer.code, 0);
}

static void says_what_stopped_it(void **state)
{
	static const struct {
		int error;
		enum query_limit limit;
		unsigned int code;
		const char *word;
	} examples[] = {
		{ -ENOMEM, 0, 503, "out of memory" },
		{ -EDQUOT, QUERY_LIMIT_CPU_TIME, 429, "10 s of CPU time" },
		{ -EDQUOT, QUERY_LIMIT_MEMORY, 429, "128 MiB of memory" },
		{ -EIO, 0, 500, "Input/output error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct request request = { 0 };
		struct querier_call call = { .request = &request };
		const struct buffer *body = &request.answer.body;

		query_budget_init(&call.budget, QUERY_CPU_NS, QUERY_BYTES);
		call.budget.met[examples[i].limit] = true;
		assert_false(querier_call_goes_on(&call, examples[i].error));
		assert_int_equal(request.answer.code, examples[i].code);
		assert_non_null(
			memmem(body->data, body->size, examples[i].word, strlen(examples[i].word)));
		request_fini(&request);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_after_success),
		cmocka_unit_test(says_what_stopped_it),
	};

	return cmocka_run_group_tests_name("querier call", tests, NULL, NULL);
}
