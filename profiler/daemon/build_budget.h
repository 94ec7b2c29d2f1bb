/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build budget: how much CPU time a child of the resolver may take, by the size of what it reads.
 *
 * That is several times what files of good will take of it, on slow machines too, so that one that
 * was made to be read for ever is given up soon.
 */

#include <stdint.h>

struct stat;

enum build_step {
	BUILD_STEP_TABLE,     /* for unwinding */
	BUILD_STEP_FUNCTIONS, /* symbol tables, kallsyms, or what JITs say */
	BUILD_STEP_LINES,     /* DWARF */
	BUILD_STEP_CODE,      /* instructions of one function */
	BUILD_STEP_COUNT,
};

/* Bytes of a file that count: a hole does not. */
uint64_t build_budget_bytes(const struct stat *status);

/* Seconds of CPU time, for files of @bytes altogether. */
unsigned int build_budget_seconds(enum build_step step, uint64_t bytes);
