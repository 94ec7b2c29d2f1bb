/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Function meter: reads, every few seconds, in which functions chosen services spent their time,
 * and counts that for /metrics. Names are found by a thread of its own; all else belongs to the
 * loop.
 *
 * Time counts for the function that was sampled itself, the innermost one where some are inlined.
 * Samples are read METER_LAG_NS after they were taken; what is later still is missing.
 */

#include <stddef.h>
#include <stdint.h>

struct function_counts;
struct function_meter;
struct selector;
struct store;

#define METER_INTERVAL_NS (10LL * 1000 * 1000 * 1000)
#define METER_LAG_NS      (2LL * 1000 * 1000 * 1000)

/*
 * A selector of the services whose names match @regex as a whole. Returns as selector_parse() does.
 */
int function_meter_select(const char *regex, struct selector **ret_selector, char *ret_error,
			  size_t error_bytes);

/*
 * Count up to @n_of_service functions of each service that matches @regex. @store outlives it.
 *
 * Returns 0 and sets *@ret_meter (owned by the caller), -EINVAL: @regex is none, or -ENOMEM, or
 * what starting a thread says.
 */
int function_meter_new(struct store *store, const char *regex, uint32_t n_of_service,
		       struct function_meter **ret_meter);

/* Accepts NULL. Always returns NULL. Waits for its thread. */
struct function_meter *function_meter_free(struct function_meter *meter);

/* Take what was read, and begin to read again, if it is time. To be called every second or so. */
void function_meter_advance(struct function_meter *meter, int64_t now_ns);

/* Borrowed: until it advances. */
const struct function_counts *function_meter_counts(const struct function_meter *meter);

/* How often it has read, and … */
uint64_t function_meter_reading_count(const struct function_meter *meter);

/* … how often it could not, for lack of memory or because it took too long. */
uint64_t function_meter_failed_count(const struct function_meter *meter);
