/* SPDX-License-Identifier: Apache-2.0 */
#include "web/parameters.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void finds_values_by_name(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse("seconds=5&query={comm=\"a\"}&past", &parameters), 0);
	assert_int_equal(parameters.n_items, 3);
	assert_string_equal(parameters_get(&parameters, "seconds"), "5");
	assert_string_equal(parameters_get(&parameters, "query"), "{comm=\"a\"}");
	assert_string_equal(parameters_get(&parameters, "past"), "");
	assert_null(parameters_get(&parameters, "Seconds"));
	parameters_fini(&parameters);
}

static void takes_the_first_of_two(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse("a=1&a=2", &parameters), 0);
	assert_string_equal(parameters_get(&parameters, "a"), "1");
	parameters_fini(&parameters);
}

static void undoes_escapes(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse("a%62=%7B+%2B%7d", &parameters), 0);
	assert_string_equal(parameters_get(&parameters, "ab"), "{ +}");
	parameters_fini(&parameters);
}

static void keeps_what_is_no_escape(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse("a=%zz&b=%4&c=%", &parameters), 0);
	assert_string_equal(parameters_get(&parameters, "a"), "%zz");
	assert_string_equal(parameters_get(&parameters, "b"), "%4");
	assert_string_equal(parameters_get(&parameters, "c"), "%");
	parameters_fini(&parameters);
}

static void takes_nothing_for_nothing(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse(NULL, &parameters), 0);
	assert_int_equal(parameters.n_items, 0);
	parameters_fini(&parameters);
	assert_int_equal(parameters_parse("&&&", &parameters), 0);
	assert_int_equal(parameters.n_items, 0);
	parameters_fini(&parameters);
}

static void refuses_nul_bytes(void **state)
{
	struct parameters parameters;

	(void)state;
	assert_int_equal(parameters_parse("a=1&b=x%00y", &parameters), -EINVAL);
	assert_int_equal(parameters_parse("%00=1", &parameters), -EINVAL);
}

static void refuses_too_many(void **state)
{
	char query[2 * PARAMETERS_MAX + 3];
	struct parameters parameters;

	(void)state;
	for (int i = 0; i <= PARAMETERS_MAX; i++)
		memcpy(query + i * 2, "a&", 3);
	assert_int_equal(parameters_parse(query, &parameters), -E2BIG);
	query[2 * PARAMETERS_MAX] = '\0';
	assert_int_equal(parameters_parse(query, &parameters), 0);
	parameters_fini(&parameters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "finds values by name", finds_values_by_name },
		{ "takes the first of two", takes_the_first_of_two },
		{ "undoes escapes", undoes_escapes },
		{ "keeps what is no escape", keeps_what_is_no_escape },
		{ "takes nothing for nothing", takes_nothing_for_nothing },
		{ "refuses NUL bytes", refuses_nul_bytes },
		{ "refuses too many", refuses_too_many },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
