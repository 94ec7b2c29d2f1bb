/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Moment: a point in time, or a length of it, as people and programs write them.
 *
 *     now  now-1h  now-1h30m      1700000000  1700000000.5  1700000000000      2026-08-01T12:00:00Z
 *
 * Bare numbers are unix seconds, ms, µs or ns, whichever puts them between 1970 and 5138.
 */

#include <stdint.h>

/*
 * Parse @text into unix ns; "now" is @now_unix_ns.
 *
 * Returns 0, or -EINVAL if it is no time, or -ERANGE if the time does not fit.
 */
int moment_parse(const char *text, int64_t now_unix_ns, int64_t *ret_unix_ns);

/* Parse "30s", "1h30m", "1.5h" with the units ms, s, m, h, d and w. Errors as above. */
int duration_parse(const char *text, int64_t *ret_ns);

/* Parse "30" or "0.25", a number of seconds. Errors as above. */
int seconds_parse(const char *text, int64_t *ret_ns);
