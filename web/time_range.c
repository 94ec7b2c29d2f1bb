/* SPDX-License-Identifier: Apache-2.0 */
#include "web/time_range.h"

#include <stdio.h>

#include "profiler/base/clock.h"
#include "web/request.h"

/* @unix_ns, earlier by the length of @range. */
static int64_t go_back(const struct time_range *range, int64_t unix_ns)
{
	int64_t length_ns, start_ns;

	if (__builtin_sub_overflow(range->end_unix_ns, range->start_unix_ns, &length_ns) ||
	    __builtin_sub_overflow(unix_ns, length_ns, &start_ns))
		return INT64_MIN;
	return start_ns;
}

struct time_range time_range_before(const struct time_range *range)
{
	return (struct time_range){ go_back(range, range->start_unix_ns), range->start_unix_ns };
}

bool time_range_get(struct request *request, const char *from, const char *to,
		    struct time_range *range)
{
	int64_t now_ns = clock_unix_ns();
	int64_t start_ns, end_ns;
	const char *value = request_get(request, from);
	char rule[64];

	if (!request_get_time(request, to, now_ns, range->end_unix_ns, &end_ns))
		return false;
	if (!request_get_time(request, from, now_ns, go_back(range, end_ns), &start_ns))
		return false;
	if (start_ns < end_ns) {
		*range = (struct time_range){ start_ns, end_ns };
		return true;
	}
	snprintf(rule, sizeof(rule), "before the time of %s", to);
	answer_fail_parameter(&request->answer, from, value ? value : "", rule);
	return false;
}
