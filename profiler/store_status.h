/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store status: what a store is told at its start, and what it tells of itself.
 */

#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/names_state.h"
#include "profiler/service_table.h"

struct store_options {
	size_t memory_bytes;  /* bound on windows and dictionaries together */
	int64_t retention_ns; /* how long a window stays */
	int64_t period_ns;    /* between two samples of a busy CPU */
};

struct store_status {
	uint64_t stored;                      /* samples taken in, ever */
	uint64_t dropped_full;                /* samples refused: DROP_STORE_FULL */
	uint64_t dropped_by_rule;             /* of processes that are left out: DROP_LABEL_RULE */
	uint64_t stacks[STACK_OUTCOME_COUNT]; /* stored samples by outcome */
	uint64_t frames[NAMES_STATE_COUNT];   /* frames of stored samples, as they were then */
	uint64_t windows_expired;             /* by age */
	uint64_t windows_evicted;             /* by the bound on memory, before their time */
	uint64_t memory_bytes;
	uint32_t n_windows, n_dictionaries, n_stacks, n_threads, n_processes;
	uint32_t n_files[NAMES_STATE_COUNT];
	uint64_t names_refused; /* that are not demangled, by a bound: each time one is kept */
	uint64_t symbol_bytes;  /* symbol files mapped */
	int64_t oldest_unix_ns; /* of the windows held, 0 if none */
	struct service_counts services; /* of stored samples */
};
