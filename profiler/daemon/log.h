/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Log: sentences to stderr, for the person or the journal that reads them. Only the daemon layer
 * logs. A sentence that is about to repeat itself without end is held back by LOG_RATE.
 */

#include <stdbool.h>
#include <stdint.h>

/* "pilotlight: …" and a newline. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct log_rate {
	int64_t start_ns;
	unsigned int n_logged;
	uint64_t n_held_back;
};

/* Whether another line may be logged: ten in ten seconds; says how many were held back after that.
 */
bool log_rate_allows(struct log_rate *rate);
