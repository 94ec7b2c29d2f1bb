/* SPDX-License-Identifier: Apache-2.0 */
#include "web/moment.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"

/* Numbers below the first bound are seconds, below the second ms, and so on. */
#define SECONDS_BOUND 100000000000LL

static const struct {
	const char *name; /* "ms" before "m": the first that fits is taken */
	int64_t ns;
} units[] = {
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_SECOND },
	{ "m", 60 * NS_PER_SECOND },
	{ "h", 3600 * NS_PER_SECOND },
	{ "d", 24 * 3600 * NS_PER_SECOND },
	{ "w", 7 * 24 * 3600 * NS_PER_SECOND },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int take_integer(const char **cursor, int64_t *ret_value)
{
	const char *c = *cursor;
	int64_t value = 0;

	if (!is_digit(*c))
		return -EINVAL;
	for (; is_digit(*c); c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *c - '0', &value))
			return -ERANGE;
	}
	*cursor = c;
	*ret_value = value;
	return 0;
}

/* ".25" of @unit_ns in ns; digits past the nanosecond are dropped. Nothing there is 0. */
static int take_fraction(const char **cursor, int64_t unit_ns, int64_t *ret_ns)
{
	const char *c = *cursor;
	int64_t digits = 0, scale = 1;

	*ret_ns = 0;
	if (*c != '.')
		return 0;
	if (!is_digit(c[1]))
		return -EINVAL;
	for (c++; is_digit(*c); c++) {
		if (scale == NS_PER_SECOND)
			continue;
		digits = digits * 10 + (*c - '0');
		scale *= 10;
	}
	*cursor = c;
	*ret_ns = (int64_t)((__int128)digits * unit_ns / scale);
	return 0;
}

static int add_up(int64_t integer, int64_t unit_ns, int64_t fraction_ns, int64_t *ret_ns)
{
	int64_t ns;

	if (__builtin_mul_overflow(integer, unit_ns, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

int seconds_parse(const char *text, int64_t *ret_ns)
{
	int64_t integer, fraction_ns;
	int r;

	r = take_integer(&text, &integer);
	if (r < 0)
		return r;
	r = take_fraction(&text, NS_PER_SECOND, &fraction_ns);
	if (r < 0)
		return r;
	return *text ? -EINVAL : add_up(integer, NS_PER_SECOND, fraction_ns, ret_ns);
}

static int take_unit(const char **cursor, int64_t *ret_ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(*cursor, units[i].name, length))
			continue;
		*cursor += length;
		*ret_ns = units[i].ns;
		return 0;
	}
	return -EINVAL;
}

/* One "1.5h": the unit comes last, so the number is read twice. */
static int take_term(const char **cursor, int64_t *ret_ns)
{
	const char *start = *cursor, *end;
	int64_t integer, fraction_ns, unit_ns;
	int r;

	r = take_integer(cursor, &integer);
	if (r < 0)
		return r;
	end = *cursor;
	r = take_fraction(&end, NS_PER_SECOND, &fraction_ns);
	if (r < 0)
		return r;
	r = take_unit(&end, &unit_ns);
	if (r < 0)
		return r;
	take_fraction(cursor, unit_ns, &fraction_ns);
	r = add_up(integer, unit_ns, fraction_ns, ret_ns);
	*cursor = r < 0 ? start : end;
	return r;
}

int duration_parse(const char *text, int64_t *ret_ns)
{
	int64_t total_ns = 0, term_ns;
	int r;

	do {
		r = take_term(&text, &term_ns);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(total_ns, term_ns, &total_ns))
			return -ERANGE;
	} while (*text);
	*ret_ns = total_ns;
	return 0;
}

static int parse_relative(const char *text, int64_t now_unix_ns, int64_t *ret_unix_ns)
{
	int64_t distance_ns;
	int r;

	if (!*text) {
		*ret_unix_ns = now_unix_ns;
		return 0;
	}
	if (*text != '-')
		return -EINVAL;
	r = duration_parse(text + 1, &distance_ns);
	if (r < 0)
		return r;
	if (__builtin_sub_overflow(now_unix_ns, distance_ns, &distance_ns))
		return -ERANGE;
	*ret_unix_ns = distance_ns;
	return 0;
}

static int parse_unix(const char *text, int64_t *ret_unix_ns)
{
	int64_t integer, fraction_ns, unit_ns = NS_PER_SECOND;
	int r;

	r = take_integer(&text, &integer);
	if (r < 0)
		return r;
	for (int64_t rest = integer; rest >= SECONDS_BOUND && unit_ns > 1; rest /= 1000)
		unit_ns /= 1000;
	r = take_fraction(&text, unit_ns, &fraction_ns);
	if (r < 0)
		return r;
	return *text ? -EINVAL : add_up(integer, unit_ns, fraction_ns, ret_unix_ns);
}

/* Exactly @n_digits digits, between @least and @most, and then @end, which is skipped unless 0. */
static int take_field(const char **cursor, int n_digits, const int bounds[2], char end)
{
	const char *c = *cursor;
	int value = 0;

	for (; n_digits; n_digits--, c++) {
		if (!is_digit(*c))
			return -EINVAL;
		value = value * 10 + (*c - '0');
	}
	if (value < bounds[0] || value > bounds[1])
		return -EINVAL;
	if (end && *c++ != end)
		return -EINVAL;
	*cursor = c;
	return value;
}

/*
 * "Z", or "+02:00" in seconds. In a query string a plus sign that nobody escaped means a space, so
 * a space is taken for a plus sign.
 */
static int take_zone(const char **cursor, int *ret_offset_s)
{
	static const int hours[] = { 0, 23 }, minutes[] = { 0, 59 };
	const char *c = *cursor;
	int sign, hour, minute;

	if (*c == 'Z' || *c == 'z') {
		*cursor = c + 1;
		*ret_offset_s = 0;
		return 0;
	}
	if (*c != '+' && *c != '-' && *c != ' ')
		return -EINVAL;
	sign = *c++ == '-' ? -1 : 1;
	hour = take_field(&c, 2, hours, ':');
	if (hour < 0)
		return hour;
	minute = take_field(&c, 2, minutes, 0);
	if (minute < 0)
		return minute;
	*cursor = c;
	*ret_offset_s = sign * (hour * 3600 + minute * 60);
	return 0;
}

static int take_date(const char **cursor, struct tm *ret_date)
{
	static const struct {
		int n_digits, bounds[2];
		char end;
		size_t field;
	} fields[] = {
		{ 4, { 1970, 9999 }, '-', offsetof(struct tm, tm_year) },
		{ 2, { 1, 12 }, '-', offsetof(struct tm, tm_mon) },
		{ 2, { 1, 31 }, 0, offsetof(struct tm, tm_mday) },
		{ 0, { 0, 0 }, 'T', 0 },
		{ 2, { 0, 23 }, ':', offsetof(struct tm, tm_hour) },
		{ 2, { 0, 59 }, ':', offsetof(struct tm, tm_min) },
		{ 2, { 0, 60 }, 0, offsetof(struct tm, tm_sec) },
	};

	*ret_date = (struct tm){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		int value;

		if (!fields[i].n_digits && (**cursor == 't' || **cursor == ' ')) {
			(*cursor)++;
			continue;
		}
		value = take_field(cursor, fields[i].n_digits, fields[i].bounds, fields[i].end);
		if (value < 0)
			return value;
		if (fields[i].n_digits)
			*(int *)((char *)ret_date + fields[i].field) = value;
	}
	ret_date->tm_year -= 1900;
	ret_date->tm_mon--;
	return 0;
}

/* RFC 3339 §5.6, date-time. */
static int parse_date(const char *text, int64_t *ret_unix_ns)
{
	struct tm date, normal;
	int64_t fraction_ns, unix_s;
	int offset_s, r;

	r = take_date(&text, &date);
	if (r < 0)
		return r;
	r = take_fraction(&text, NS_PER_SECOND, &fraction_ns);
	if (r < 0)
		return r;
	r = take_zone(&text, &offset_s);
	if (r < 0 || *text)
		return -EINVAL;
	if (date.tm_sec == 60) /* a leap second: unix time has none */
		date.tm_sec = 59;
	normal = date;
	unix_s = timegm(&normal);
	if (normal.tm_mday != date.tm_mday) /* the 30th of February */
		return -EINVAL;
	return add_up(unix_s - offset_s, NS_PER_SECOND, fraction_ns, ret_unix_ns);
}

int moment_parse(const char *text, int64_t now_unix_ns, int64_t *ret_unix_ns)
{
	if (!strncmp(text, "now", 3))
		return parse_relative(text + 3, now_unix_ns, ret_unix_ns);
	if (strlen(text) > 4 && text[4] == '-')
		return parse_date(text, ret_unix_ns);
	return parse_unix(text, ret_unix_ns);
}
