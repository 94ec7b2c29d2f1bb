/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * UTF-8: what formats demand of every string, and names of processes, paths and symbols need not
 * be.
 */

/* Replace each byte of @text that is no part of well-formed UTF-8 (RFC 3629) by "?". */
void utf8_sanitize(char *text);

/* Whether utf8_sanitize() would leave @text as it is. */
bool utf8_is_valid(const char *text);
