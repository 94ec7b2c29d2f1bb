/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/pattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct pattern *, pattern_free)

static struct pattern *new_pattern(const char *text)
{
	char error[PATTERN_ERROR_BYTES];
	struct pattern *pattern;

	assert_int_equal(pattern_new(text, &pattern, error), 0);
	return pattern;
}

static void matches_a_whole_text_only(void **state)
{
	_cleanup_(pattern_freep) struct pattern *pattern = new_pattern("a.c|b");

	(void)state;
	assert_int_equal(pattern_match(pattern, "abc"), 1);
	assert_int_equal(pattern_match(pattern, "a\nc"), 1);
	assert_int_equal(pattern_match(pattern, "b"), 1);
	assert_int_equal(pattern_match(pattern, "abcd"), 0);
	assert_int_equal(pattern_match(pattern, "xb"), 0);
	assert_int_equal(pattern_match(pattern, "a\xff"), 0);
}

static void matches_a_part_of_a_text_if_that_suffices(void **state)
{
	_cleanup_(pattern_freep) struct pattern *pattern = NULL;
	char error[PATTERN_ERROR_BYTES];

	(void)state;
	assert_int_equal(pattern_new_anywhere("b.$", &pattern, error), 0);
	assert_int_equal(pattern_match(pattern, "abc"), 1);
	assert_int_equal(pattern_match(pattern, "\xff"
						"bc"),
			 1);
	assert_int_equal(pattern_match(pattern, "bcd"), 0);
}

static void says_what_is_no_pattern(void **state)
{
	char error[PATTERN_ERROR_BYTES] = "";
	struct pattern *pattern;

	(void)state;
	assert_int_equal(pattern_new("(a", &pattern, error), -EINVAL);
	assert_non_null(strstr(error, "parenthesis"));
}

static void gives_up_a_match_that_would_not_end(void **state)
{
	_cleanup_(pattern_freep) struct pattern *pattern = new_pattern("(a|a)+(b|d)");

	(void)state;
	assert_int_equal(pattern_match(pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"),
			 -EDQUOT);
}

/* What Go's Regexp.Expand says of the same. */
static void expands_a_template_as_go_does(void **state)
{
	static const struct {
		const char *template, *expanded;
	} examples[] = {
		{ "$1", "web" },     { "${1}x", "webx" },    { "$1x", "" },
		{ "$0!", "web-7!" }, { "$n-$1", "7-web" },   { "${n}", "7" },
		{ "$$1", "$1" },     { "a$", "a$" },         { "${1", "${1" },
		{ "$3", "" },        { "$99999999999", "" }, { "${}", "${}" },
		{ "", "" },
	};
	_cleanup_(pattern_freep) struct pattern *pattern = new_pattern("([a-z]+)-(?<n>.)(x)?");

	(void)state;
	assert_int_equal(pattern_match(pattern, "web-7"), 1);
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_(buffer_fini) struct buffer text = { 0 };

		pattern_expand(pattern, "web-7", examples[i].template, &text);
		buffer_append_char(&text, '\0');
		assert_string_equal(text.data, examples[i].expanded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_a_whole_text_only),
		cmocka_unit_test(matches_a_part_of_a_text_if_that_suffices),
		cmocka_unit_test(says_what_is_no_pattern),
		cmocka_unit_test(gives_up_a_match_that_would_not_end),
		cmocka_unit_test(expands_a_template_as_go_does),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
