/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Jitdump copy: what a jitdump file tells, as a jitdump without the code, which is most of it.
 *
 * It is read, not mapped: whoever writes it may cut it off, or write something else, at any moment.
 * Then what was read so far is what there is.
 */

#include <stdint.h>

#define JITDUMP_MAX_BYTES      (4UL << 30)   /* read of one: the first ones */
#define JITDUMP_MAX_COPY_BYTES (128UL << 20) /* … and what that may tell */

struct buffer;
struct jit_report;

/*
 * Append the copy of @fd, a file of @size bytes when it was looked at last. What lies beyond the
 * bounds is counted in *@report.
 *
 * Returns 0, -ENOMEM, or what pread(2) says.
 */
int jitdump_copy(int fd, uint64_t size, struct buffer *ret_copy, struct jit_report *report);
