/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Option values: numbers, sizes and times, as people write them. Each returns 0 or -EINVAL.
 */

#include <stdint.h>

/* Digits, and what follows them: *@ret_end. At most @max. */
int option_parse_number(const char *text, uint64_t max, const char **ret_end, uint64_t *ret_value);

int option_parse_size(const char *text, uint64_t *ret_bytes);

int option_parse_duration(const char *text, int64_t *ret_ns);
