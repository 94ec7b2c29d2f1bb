/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Jitdump: the file in which a runtime names the code that it makes, with its source lines, as
 * Linux defines it (tools/perf/Documentation/jitdump-specification.txt, version 1):
 *
 *     header | record | record | …        load: pc, size, number, name, code
 *                                         debug information: the lines of the next load
 *                                         move: number, new pc
 *
 * All else that a record may be, unwinding information among it, is passed over. What it says of
 * times is not used: of functions at one address the last one counts, as for perf maps.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jit_code;
struct jit_report;

/* Whether a file that begins so is a jitdump, of whatever byte order. */
bool jitdump_is_one(const uint8_t *bytes, size_t size);

/*
 * Add what a jitdump of @size bytes in memory, which must outlive @code, tells of. One of the other
 * byte order, or of a version that is not known, is counted in *@report, and nothing of it is
 * taken. Records that contradict themselves are counted; one that is not whole is still being
 * written.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int jitdump_read(const uint8_t *bytes, size_t size, struct jit_code *code,
		 struct jit_report *report);
