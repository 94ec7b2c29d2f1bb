/* SPDX-License-Identifier: Apache-2.0 */
#include "web/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query_budget.h"

static void assert_text(struct buffer *out, const char *text)
{
	buffer_append_char(out, '\0');
	assert_int_equal(buffer_error(out), 0);
	assert_string_equal(out->data, text);
	out->size = 0;
}

static void escapes_labels(void **state)
{
	static const struct label labels[] = { { "comm", "a\"\\\n\x01" },
					       { "exe", "\xc3\xa4\xff" } };
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	json_text_append_labels(&out, labels, 2);
	assert_text(&out,
		    "{\"comm\":\"a\\\"\\\\\\u000a\\u0001\",\"exe\":\"\xc3\xa4\xef\xbf\xbd\"}");
	json_text_append_labels(&out, NULL, 0);
	assert_text(&out, "{}");
}

static void tells_seconds_exactly(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} examples[] = {
		{ 0, "0" },
		{ 1, "0.000000001" },
		{ -1, "-0.000000001" },
		{ 10 * NS_PER_SECOND, "10" },
		{ 1700000000123456789, "1700000000.123456789" },
		{ 1500000000, "1.5" },
		{ INT64_MIN, "-9223372036.854775808" },
	};
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		json_text_append_seconds(&out, examples[i].ns);
		assert_text(&out, examples[i].text);
	}
}

static void names_the_limits_that_were_met(void **state)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	json_text_append_limits(&out, 0);
	assert_text(&out, "[]");
	json_text_append_limits(&out, 1 << QUERY_LIMIT_MATCH | 1 << QUERY_LIMIT_GROUPS);
	assert_text(&out, "[\"match\",\"groups\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_labels),
		cmocka_unit_test(tells_seconds_exactly),
		cmocka_unit_test(names_the_limits_that_were_met),
	};

	return cmocka_run_group_tests_name("JSON text", tests, NULL, NULL);
}
