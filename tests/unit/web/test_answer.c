/* SPDX-License-Identifier: Apache-2.0 */
#include "web/answer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_body(const struct answer *answer, const char *text)
{
	assert_int_equal(answer->body.size, strlen(text));
	assert_memory_equal(answer->body.data, text, strlen(text));
}

static void names_the_parameter_and_its_value(void **state)
{
	struct answer answer = { 0 };

	(void)state;
	answer_fail_parameter(&answer, "seconds", "a\"b\\\n\xff", "a number");
	assert_int_equal(answer.code, 400);
	assert_string_equal(answer.media_type, ANSWER_TEXT);
	assert_body(&answer,
		    "parameter seconds is \"a\\\"b\\\\\\x0a\\xff\", but must be a number\n");
	answer_fini(&answer);
}

static void bounds_the_value(void **state)
{
	struct answer answer = { 0 };
	char value[5000];

	(void)state;
	memset(value, 1, sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	answer_fail_parameter(&answer, "from", value, "a time");
	assert_true(answer.body.size < 400);
	assert_non_null(memmem(answer.body.data, answer.body.size, "\\x01…\", but", 12));
	answer_fini(&answer);
}

static void forgets_what_was_said_before_a_failure(void **state)
{
	struct answer answer = { 0 };

	(void)state;
	buffer_append_string(&answer.body, "half of it");
	answer_add_header(&answer, "ETag", "\"x\"");
	answer.policy = "none";
	answer_fail_busy(&answer, "too many");
	assert_int_equal(answer.code, 503);
	assert_body(&answer, "too many\n");
	assert_null(answer.policy);
	assert_int_equal(answer.n_headers, 1);
	assert_string_equal(answer.headers[0].name, "Retry-After");
	answer_fini(&answer);
}

static void says_so_when_memory_runs_out(void **state)
{
	struct answer answer = { 0 };

	(void)state;
	answer.body.error = -ENOMEM;
	answer_finish(&answer, ANSWER_JSON);
	assert_int_equal(answer.code, 503);
	assert_string_equal(answer.fixed_body, "out of memory\n");
	answer_fini(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "names the parameter and its value", names_the_parameter_and_its_value },
		{ "bounds the value", bounds_the_value },
		{ "forgets what was said before a failure",
		  forgets_what_was_said_before_a_failure },
		{ "says so when memory runs out", says_so_when_memory_runs_out },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
