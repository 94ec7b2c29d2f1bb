/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/option_values.h"

#include <errno.h>
#include <string.h>

#include "web/moment.h"

/* Digits only: no sign, no space, no base. */
int option_parse_number(const char *text, uint64_t max, const char **ret_end, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9'; c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return -EINVAL;
	}
	if (c == text || value > max)
		return -EINVAL;
	*ret_end = c;
	*ret_value = value;
	return 0;
}

/* "64M", "1G", "512KiB", "1048576": powers of 1024, whether the i is there or not. */
int option_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	const char *unit, *end;
	uint64_t bytes;
	int r;

	r = option_parse_number(text, UINT64_MAX, &end, &bytes);
	if (r < 0)
		return r;
	unit = *end ? strchr(units, *end == 'k' ? 'K' : *end) : NULL;
	if (unit) {
		if (__builtin_mul_overflow(bytes, 1ULL << (10 * (unit - units + 1)), &bytes))
			return -EINVAL;
		end++;
		end += end[0] == 'i' && end[1] == 'B';
	}
	end += *end == 'B';
	if (*end)
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

/* "2.5" is seconds, "7d" and "1h30m" say what they are. */
int option_parse_duration(const char *text, int64_t *ret_ns)
{
	return seconds_parse(text, ret_ns) == 0 || duration_parse(text, ret_ns) == 0 ? 0 : -EINVAL;
}
