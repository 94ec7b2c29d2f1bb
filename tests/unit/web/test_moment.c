/* SPDX-License-Identifier: Apache-2.0 */
#include "web/moment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"

#define NOW_NS (1700000000 * NS_PER_SECOND)

struct example {
	const char *text;
	int64_t ns;
};

static void check_moments(const struct example *examples, size_t n_examples)
{
	for (size_t i = 0; i < n_examples; i++) {
		int64_t ns = -1;
		int r = moment_parse(examples[i].text, NOW_NS, &ns);

		if (r < 0 || ns != examples[i].ns)
			fail_msg("\"%s\" is %d, %lld", examples[i].text, r, (long long)ns);
	}
}

static void counts_back_from_now(void **state)
{
	static const struct example examples[] = {
		{ "now", NOW_NS },
		{ "now-30s", NOW_NS - 30 * NS_PER_SECOND },
		{ "now-1h", NOW_NS - 3600 * NS_PER_SECOND },
		{ "now-1h30m", NOW_NS - 5400 * NS_PER_SECOND },
		{ "now-1.5h", NOW_NS - 5400 * NS_PER_SECOND },
		{ "now-250ms", NOW_NS - 250 * NS_PER_MS },
		{ "now-7d", NOW_NS - 7 * 86400 * NS_PER_SECOND },
		{ "now-2w", NOW_NS - 14 * 86400 * NS_PER_SECOND },
	};

	(void)state;
	check_moments(examples, ARRAY_SIZE(examples));
}

static void tells_the_unit_of_a_number_by_its_size(void **state)
{
	static const struct example examples[] = {
		{ "0", 0 },
		{ "1700000000", NOW_NS },
		{ "1700000000.5", NOW_NS + NS_PER_SECOND / 2 },
		{ "1700000000123", NOW_NS + 123 * NS_PER_MS },
		{ "1700000000123.25", NOW_NS + 123250000 },
		{ "1700000000123456", NOW_NS + 123456000 },
		{ "1700000000123456789", NOW_NS + 123456789 },
		{ "9223372036854775807", INT64_MAX },
	};

	(void)state;
	check_moments(examples, ARRAY_SIZE(examples));
}

static void reads_dates(void **state)
{
	static const struct example examples[] = {
		{ "2023-11-14T22:13:20Z", NOW_NS },
		{ "2023-11-14t22:13:20z", NOW_NS },
		{ "2023-11-14 22:13:20.5Z", NOW_NS + NS_PER_SECOND / 2 },
		{ "2023-11-15T00:13:20+02:00", NOW_NS },
		{ "2023-11-15T00:13:20 02:00", NOW_NS }, /* '+' in a query string */
		{ "2023-11-14T17:43:20-04:30", NOW_NS },
		{ "2024-02-29T00:00:00Z", 1709164800 * NS_PER_SECOND },
		{ "2016-12-31T23:59:60Z", 1483228799 * NS_PER_SECOND },
		{ "1970-01-01T00:00:00.000000001Z", 1 },
	};

	(void)state;
	check_moments(examples, ARRAY_SIZE(examples));
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const texts[] = {
		"",
		"n",
		"nowish",
		"now-",
		"now-1",
		"now-1x",
		"now+1h",
		"now-1h ",
		"now--1h",
		"now-.5h",
		"now-1.h",
		"-1",
		"1e9",
		"0x10",
		"1700000000.",
		"1700000000.x",
		"yesterday",
		"2023-11-14",
		"2023-11-14T22:13:20",
		"2023-11-14T22:13Z",
		"2023-13-14T22:13:20Z",
		"2023-02-30T22:13:20Z",
		"2023-11-14T24:13:20Z",
		"2023-11-14T22:13:20+25:00",
		"2023-11-14T22:13:20Zulu",
		"1969-12-31T23:59:59Z",
		"99999999999999999999999",
		"9223372036854775808",
		"now-99999999999999w",
		"9999-12-31T23:59:59Z",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (moment_parse(texts[i], NOW_NS, &ns) >= 0)
			fail_msg("\"%s\" is taken for %lld", texts[i], (long long)ns);
	}
}

static void reads_seconds(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(seconds_parse("5", &ns), 0);
	assert_int_equal(ns, 5 * NS_PER_SECOND);
	assert_int_equal(seconds_parse("0.25", &ns), 0);
	assert_int_equal(ns, NS_PER_SECOND / 4);
	assert_int_equal(seconds_parse("0.1234567891", &ns), 0);
	assert_int_equal(ns, 123456789);
	assert_int_equal(seconds_parse("", &ns), -EINVAL);
	assert_int_equal(seconds_parse("-1", &ns), -EINVAL);
	assert_int_equal(seconds_parse("5s", &ns), -EINVAL);
	assert_int_equal(seconds_parse(" 5", &ns), -EINVAL);
	assert_int_equal(seconds_parse("99999999999999999999", &ns), -ERANGE);
	assert_int_equal(seconds_parse("9999999999999", &ns), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "counts back from now", counts_back_from_now },
		{ "tells the unit of a number by its size",
		  tells_the_unit_of_a_number_by_its_size },
		{ "reads dates", reads_dates },
		{ "refuses what is no time", refuses_what_is_no_time },
		{ "reads seconds", reads_seconds },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
