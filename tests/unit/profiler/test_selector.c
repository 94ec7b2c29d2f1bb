/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/selector.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/label.h"

DEFINE_CLEANUP(struct selector *, selector_free)

static const struct label labels[] = {
	{ "comm", "api" },
	{ "exe", "/usr/bin/api" },
	{ "thread", "worker-1" },
	{ "cgroup", "" },
};

static bool selects(const char *text)
{
	_cleanup_(selector_freep) struct selector *selector = NULL;
	unsigned long n_limited = 0;
	char error[256] = "";
	bool selected;

	if (selector_parse(text, &selector, error, sizeof(error)) < 0)
		fail_msg("%s: %s", text, error);
	selected = selector_matches(selector, labels, ARRAY_SIZE(labels), &n_limited);
	assert_int_equal(n_limited, 0);
	return selected;
}

static void assert_refused(const char *text, const char *sentence)
{
	struct selector *selector = NULL;
	char error[512] = "";

	assert_int_equal(selector_parse(text, &selector, error, sizeof(error)), -EINVAL);
	assert_null(selector);
	assert_string_equal(error, sentence);
}

static void selects_everything_when_empty(void **state)
{
	(void)state;
	assert_true(selects(""));
	assert_true(selects("{}"));
	assert_true(selects(" { } "));
}

static void compares_whole_values(void **state)
{
	(void)state;
	assert_true(selects("{comm=\"api\"}"));
	assert_false(selects("{comm=\"ap\"}"));
	assert_false(selects("{comm=\"API\"}"));
	assert_false(selects("{comm!=\"api\"}"));
	assert_true(selects("{comm!=\"ap\"}"));
}

static void anchors_expressions_at_both_ends(void **state)
{
	(void)state;
	assert_true(selects("{thread=~\"worker-.*\"}"));
	assert_true(selects("{thread=~\"worker-[0-9]|x\"}"));
	assert_true(selects("{thread=~\"x|worker-1\"}"));
	assert_false(selects("{thread=~\"worker\"}"));
	assert_false(selects("{thread=~\"orker-1\"}"));
	assert_true(selects("{thread!~\"orker-1\"}"));
	assert_false(selects("{thread!~\"(?i)WORKER-1\"}"));
}

static void takes_a_missing_label_for_an_empty_one(void **state)
{
	(void)state;
	assert_true(selects("{pod=\"\"}"));
	assert_true(selects("{pod!=\"x\"}"));
	assert_true(selects("{pod=~\".*\",cgroup=\"\"}"));
	assert_false(selects("{pod=~\".+\"}"));
}

static void demands_all_matchers(void **state)
{
	(void)state;
	assert_true(selects("{comm=\"api\",exe=~\".*/api\"}"));
	assert_true(selects("{ comm = 'api' , exe !~ `/opt/.*` , }"));
	assert_false(selects("{comm=\"api\",exe=\"x\"}"));
	assert_false(selects("{comm=\"api\",comm=\"x\"}"));
}

static void undoes_escapes_but_not_in_backquotes(void **state)
{
	static const struct label odd[] = { { "comm", "a\"b\\c\nd'" } };
	static const char *const texts[] = {
		"{comm=\"a\\\"b\\\\c\\nd'\"}",
		"{comm='a\"b\\\\c\\nd\\''}",
		"{comm=~`a\"b\\\\c\\nd.`}",
	};
	char error[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(selector_freep) struct selector *selector = NULL;

		assert_int_equal(selector_parse(texts[i], &selector, error, sizeof(error)), 0);
		assert_true(selector_matches(selector, odd, 1, NULL));
	}
}

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	assert_refused("comm=\"api\"", "selector: { is missing at position 1: comm=\"api\"");
	assert_refused("{=\"x\"}", "selector: a label name is missing at position 2: =\"x\"}");
	assert_refused("{1a=\"x\"}", "selector: a label name is missing at position 2: 1a=\"x\"}");
	assert_refused("{comm", "selector: one of = != =~ !~ is missing at the end, after: {comm");
	assert_refused("{comm>\"a\"}",
		       "selector: one of = != =~ !~ is missing at position 6: >\"a\"}");
	assert_refused("{comm=api}", "selector: a quoted value is missing at position 7: api}");
	assert_refused("{comm=\"api}",
		       "selector: a value without its closing quote at position 7: \"api}");
	assert_refused("{comm=\"\\x41\"}", "selector: an unknown escape at position 8: \\x41\"}");
	assert_refused("{comm=\"a\" exe=\"b\"}",
		       "selector: , or } is missing at position 11: exe=\"b\"}");
	assert_refused("{comm=\"a\"", "selector: , or } is missing at the end, after: {comm=\"a\"");
	assert_refused("{} x", "selector: more text than one selector at position 4: x");
	assert_refused("{comm=~\"a(\"}", "selector: a bad regular expression (missing closing "
					 "parenthesis) at position 8: \"a(\"}");
	assert_refused("\x01\xff{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
		       "selector: { is missing at position 1: "
		       "??{aaaaaaaaaaaaaaaaaaaaaaaaaaaaa...");
}

static void bounds_the_text_and_the_matchers(void **state)
{
	static char text[SELECTOR_MAX_BYTES + 2];
	size_t length;

	(void)state;
	memset(text, ' ', SELECTOR_MAX_BYTES);
	assert_true(selects(text));
	text[SELECTOR_MAX_BYTES] = '}';
	assert_refused(text, "selector: more than 4096 bytes at position 4097: }");
	length = (size_t)snprintf(text, sizeof(text), "{");
	for (int i = 0; i <= SELECTOR_MAX_MATCHERS; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "a=\"\",");
	snprintf(text + length, sizeof(text) - length, "}");
	assert_refused(text, "selector: more than 32 matchers at position 162: a=\"\",}");
}

static void gives_up_on_an_expression_that_explodes(void **state)
{
	static const struct label bomb[] = { { "comm",
					       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" } };
	_cleanup_(selector_freep) struct selector *equal = NULL, *opposite = NULL;
	unsigned long n_limited = 0;
	char error[256];

	(void)state;
	assert_int_equal(selector_parse("{comm=~\"(a+)+(a+)+$\"}", &equal, error, sizeof(error)),
			 0);
	for (int i = 0; i < 1000; i++)
		assert_false(selector_matches(equal, bomb, 1, &n_limited));
	assert_int_equal(n_limited, 1000);

	assert_int_equal(selector_parse("{comm!~\"(a+)+(a+)+$\"}", &opposite, error, sizeof(error)),
			 0);
	assert_true(selector_matches(opposite, bomb, 1, NULL));
}

static void refuses_an_expression_that_is_too_large_to_compile(void **state)
{
	struct selector *selector = NULL;
	char error[512] = "";

	(void)state;
	assert_int_equal(selector_parse("{comm=~\"((((a{1000}){1000}){1000}){1000})\"}", &selector,
					error, sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, "too large"));
}

static void takes_names_in_quotes(void **state)
{
	(void)state;
	assert_true(selects("{\"comm\"=\"api\",'exe'=~'.*'}"));
	assert_false(selects("{\"com\\\\m\"=\"api\"}"));
	assert_refused("{\"comm=}", "selector: a value without its closing quote at position 2: "
				    "\"comm=}");
}

static void settles_matchers_of_what_all_samples_share(void **state)
{
	static const struct label shared[] = { { "__type__", "cpu" }, { "__unit__", "ns" } };
	struct selector *selector = NULL;
	char error[256];

	(void)state;
	assert_int_equal(selector_parse("{__type__=\"cpu\",comm=\"x\",__unit__!~\"b.*\"}",
					&selector, error, sizeof(error)),
			 0);
	assert_true(selector_allows(selector, shared, ARRAY_SIZE(shared)));
	assert_false(selector_matches(selector, labels, ARRAY_SIZE(labels), NULL));
	selector_forget(selector, shared, ARRAY_SIZE(shared));
	assert_false(selector_matches(selector, labels, ARRAY_SIZE(labels), NULL));
	assert_true(selector_matches(selector, &(struct label){ "comm", "x" }, 1, NULL));
	selector_free(selector);

	assert_int_equal(selector_parse("{__type__=\"wall\"}", &selector, error, sizeof(error)), 0);
	assert_false(selector_allows(selector, shared, ARRAY_SIZE(shared)));
	selector_free(selector);
}

static void renames_a_label(void **state)
{
	static const struct label own[] = { { "comm", "api" }, { "pid", "7" } };
	struct selector *selector;
	char error[64];

	(void)state;
	assert_int_equal(selector_parse("{name=~\"a.*\",pid=\"7\",name!=\"app\"}", &selector, error,
					sizeof(error)),
			 0);
	assert_false(selector_matches(selector, own, ARRAY_SIZE(own), NULL));
	assert_int_equal(selector_rename(selector, "name", "comm"), 0);
	assert_true(selector_matches(selector, own, ARRAY_SIZE(own), NULL));
	selector_free(selector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_everything_when_empty),
		cmocka_unit_test(compares_whole_values),
		cmocka_unit_test(anchors_expressions_at_both_ends),
		cmocka_unit_test(takes_a_missing_label_for_an_empty_one),
		cmocka_unit_test(demands_all_matchers),
		cmocka_unit_test(undoes_escapes_but_not_in_backquotes),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(bounds_the_text_and_the_matchers),
		cmocka_unit_test(gives_up_on_an_expression_that_explodes),
		cmocka_unit_test(refuses_an_expression_that_is_too_large_to_compile),
		cmocka_unit_test(takes_names_in_quotes),
		cmocka_unit_test(settles_matchers_of_what_all_samples_share),
		cmocka_unit_test(renames_a_label),
	};

	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
