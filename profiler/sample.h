/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sample: one event that hit a thread, as the sampler sends it and the store keeps it.
 *
 * @thread and @stack are numbers of the dictionary in force when the sample was taken (store.h).
 */

#include <stdint.h>

struct sample {
	int64_t time_unix_ns;
	uint64_t value;  /* what was measured: ns of CPU time */
	uint64_t weight; /* events that it stands for */
	uint32_t thread;
	uint32_t stack;
	uint16_t cpu;
	uint16_t kind;    /* enum sample_kind */
	uint16_t outcome; /* enum stack_outcome */
	uint16_t unused;
};
