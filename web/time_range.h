/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time range: from a time on, and until before another, as two parameters tell it.
 */

#include <stdbool.h>
#include <stdint.h>

struct request;

struct time_range {
	int64_t start_unix_ns; /* inclusive */
	int64_t end_unix_ns;   /* exclusive */
};

/* What lies directly before @range and is as long, as far as there is such time. */
struct time_range time_range_before(const struct time_range *range);

/*
 * Change @range to what the parameters @from and @to say. Without either it keeps that end; without
 * @from alone, its length.
 *
 * Returns true, or false: it is no range, and @request is answered.
 */
bool time_range_get(struct request *request, const char *from, const char *to,
		    struct time_range *range);
