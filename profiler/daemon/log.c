/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "profiler/base/clock.h"

enum { LINES_AT_ONCE = 10, SPAN_SECONDS = 10 };

void log_line(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "pilotlight: %s\n", line);
}

bool log_rate_allows(struct log_rate *rate)
{
	int64_t now_ns = clock_monotonic_ns();

	if (now_ns - rate->start_ns > SPAN_SECONDS * NS_PER_SECOND) {
		if (rate->n_held_back)
			log_line("%" PRIu64 " more lines like the last ones were held back",
				 rate->n_held_back);
		*rate = (struct log_rate){ .start_ns = now_ns };
	}
	if (rate->n_logged < LINES_AT_ONCE) {
		rate->n_logged++;
		return true;
	}
	rate->n_held_back++;
	return false;
}
