/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT report: what the reading of a process's perf map and jitdump met, for the metrics.
 */

#include <stdint.h>

/* What became of an entry: one function that was told of. */
enum jit_entry {
	JIT_ENTRY_TAKEN,     /* it is in the symbol file, unless another took its place */
	JIT_ENTRY_DAMAGED,   /* it does not parse, or names no code */
	JIT_ENTRY_FORGOTTEN, /* older than the last JIT_CODE_MAX_FUNCTIONS */
	JIT_ENTRY_CUT,       /* its name or its lines are more than may be: taken with fewer */
	JIT_ENTRY_COUNT,
};

struct jit_report {
	uint64_t entries[JIT_ENTRY_COUNT];
	uint64_t unread_bytes; /* of files that are too long */
	uint64_t n_lines;      /* of source files, that were told of */
	uint64_t n_foreign; /* jitdumps of another machine, or of a version that we do not know */
};
