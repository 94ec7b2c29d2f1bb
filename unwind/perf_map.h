/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Perf map: the text in which a runtime names the code that it makes, a line each:
 *
 *     7f2c40001000 1a0 LazyCompile:~fibonacci /srv/app.js:12:19
 *
 * Start and size are hexadecimal; the rest of the line is the name, whatever is in it
 * (tools/perf/Documentation/jit-interface.txt of Linux).
 */

#include <stddef.h>

struct jit_code;
struct jit_report;

/*
 * Add what @size bytes of @text, which must outlive @code, tell of. Lines that do not parse are
 * counted in *@report and passed over; what follows the last newline is still being written.
 *
 * Returns 0 or -ENOMEM.
 */
int perf_map_read(const char *text, size_t size, struct jit_code *code, struct jit_report *report);
