/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/text.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

typedef void append_fn(struct buffer *out, const char *text);

static void expect(append_fn *append, const char *text, const char *expected)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	append(&out, text);
	buffer_append_char(&out, '\0');
	assert_string_equal(out.data, expected);
}

static void keeps_what_is_utf8(void **state)
{
	(void)state;
	expect(text_append_utf8, "", "");
	expect(text_append_utf8, "naïve;\n€ 𝄞", "naïve;\n€ 𝄞");
	expect(text_append_utf8, "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
	expect(text_append_utf8, "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

static void replaces_each_byte_that_is_no_utf8(void **state)
{
	(void)state;
	expect(text_append_utf8, "a\xffz", "a\xef\xbf\xbdz");
	expect(text_append_utf8, "\x80", "\xef\xbf\xbd");
	expect(text_append_utf8, "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"); /* cut short */
	expect(text_append_utf8, "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"); /* overlong */
	expect(text_append_utf8, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	expect(text_append_utf8, "\xf4\x90\x80\x80",
	       "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void escapes_what_would_end_a_field_or_a_line(void **state)
{
	(void)state;
	expect(text_append_field, "std::map<int, char>", "std::map<int, char>");
	expect(text_append_field, "a;b\nc\rd\te", "a\\x3bb\\x0ac\\x0dd\\x09e");
	expect(text_append_field, "\xc2\x85 \xe2\x80\xa8", "\\xc2\\x85 \\xe2\\x80\\xa8");
	expect(text_append_field, "\xe2\x80\xae", "\\xe2\\x80\\xae"); /* turns the direction */
	expect(text_append_field, "\x7f", "\\x7f");
}

static void a_line_may_hold_what_ends_a_field_and_a_word_no_space(void **state)
{
	(void)state;
	expect(text_append_line, "a; b\nc", "a; b\\x0ac");
	expect(text_append_word, "/a b;\n(deleted)", "/a\\x20b;\\x0a(deleted)");
	expect(text_append_word, "\\x20", "\\x5cx20");
}

static void json_reads_back_as_it_was(void **state)
{
	(void)state;
	expect(text_append_json, "std::map<int, \"c\">", "std::map\\u003cint, \\\"c\\\"\\u003e");
	expect(text_append_json, "</script>", "\\u003c/script\\u003e");
	expect(text_append_json, "a\\x\n\x1b[2J\x7f", "a\\\\x\\u000a\\u001b[2J\\u007f");
	expect(text_append_json, "\xe2\x80\xa8\xe2\x80\xae", "\\u2028\\u202e");
	expect(text_append_json, "na\xc3\xafve \xf0\x9d\x84\x9e", "na\xc3\xafve \xf0\x9d\x84\x9e");
	expect(text_append_json, "\xff", "\xef\xbf\xbd");
}

static void tells_what_was_escaped_from_what_was_not(void **state)
{
	(void)state;
	expect(text_append_field, "\\x3b", "\\x5cx3b");
	expect(text_append_field, "App\\Model", "App\\Model");
}

static void makes_no_markup_of_a_name(void **state)
{
	(void)state;
	expect(text_append_xml, "<a b=\"c\" d='e'>&;",
	       "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;;");
	expect(text_append_xml, "]]>", "]]&gt;");
	expect(text_append_xml, "\x01\xef\xbf\xbf", "\\x01\\xef\\xbf\\xbf"); /* not even quoted */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_utf8),
		cmocka_unit_test(replaces_each_byte_that_is_no_utf8),
		cmocka_unit_test(escapes_what_would_end_a_field_or_a_line),
		cmocka_unit_test(a_line_may_hold_what_ends_a_field_and_a_word_no_space),
		cmocka_unit_test(json_reads_back_as_it_was),
		cmocka_unit_test(tells_what_was_escaped_from_what_was_not),
		cmocka_unit_test(makes_no_markup_of_a_name),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
