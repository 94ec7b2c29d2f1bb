/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Frame: one level of a stack, as a place and not as a name.
 *
 * Places do not change when names become known, so profiles of the past get better by themselves.
 * Frames of callers hold the call, not the return address: one byte was taken off already, and
 * whoever looks a name up must not do it again.
 */

#include <stdint.h>

enum frame_kind {
	FRAME_NATIVE,   /* @file, @place = file offset */
	FRAME_KERNEL,   /* @file = 0, @place = address in the kernel */
	FRAME_UNMAPPED, /* @file = 0, @place = pc in a process whose mappings were not seen */
	FRAME_JIT, /* @place = pc in executable memory that is no file; @file = its process's, or 0
		    */
	FRAME_CUT, /* @file = 0, @place = enum stack_outcome: here the callers are lost */
	FRAME_KIND_COUNT,
};

/* In the past (profiler/past.h) there are numbers of files besides: of those that nobody runs any
 * more; and, above STORE_MAX_FILE, of frames that have kept their names. */
#define FRAME_FIRST_PAST_FILE 0x60000000U /* those of JITs never come so far (jit_table.h) */
#define FRAME_FIRST_NAMED     0x80000000U

struct frame {
	uint32_t kind; /* enum frame_kind */
	uint32_t file; /* the sampler's number of a file, or 0 */
	uint64_t place;
};
