/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void assert_becomes(const char *text, const char *expected)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	utf8_sanitize(copy);
	assert_string_equal(copy, expected);
	assert_int_equal(utf8_is_valid(text), strcmp(text, expected) == 0);
}

static void leaves_what_is_well_formed(void **state)
{
	(void)state;
	assert_becomes("", "");
	assert_becomes("plain\n\x7f", "plain\n\x7f");
	assert_becomes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5",
		       "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5");
	assert_becomes("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		       "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

static void replaces_each_byte_that_is_not(void **state)
{
	(void)state;
	assert_becomes("\x80x\xff", "?x?");
	assert_becomes("\xc0\xaf\xc1\xbf", "????"); /* overlong */
	assert_becomes("\xe0\x80\xaf", "???");      /* overlong */
	assert_becomes("\xed\xa0\x80", "???");      /* a surrogate */
	assert_becomes("\xf4\x90\x80\x80", "????"); /* past the last code point */
	assert_becomes("\xf5\x80\x80\x80", "????");
}

static void replaces_what_is_cut_short(void **state)
{
	(void)state;
	assert_becomes("a\xc3", "a?");
	assert_becomes("of eight letters and more\xc3", "of eight letters and more?");
	assert_becomes("of eight letters\xe2\x82\xac and more \xe2",
		       "of eight letters\xe2\x82\xac and more ?");
	assert_becomes("a\xe2\x82", "a??");
	assert_becomes("a\xf0\x9f\x94", "a???");
	assert_becomes("\xe2\x82z", "??z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_what_is_well_formed),
		cmocka_unit_test(replaces_each_byte_that_is_not),
		cmocka_unit_test(replaces_what_is_cut_short),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
