/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/sums_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/label.h"
#include "profiler/query.h"
#include "profiler/store.h"

enum { N_PROCESSES = 10, N_THREADS = 3, N_STACKS = 6, N_DICTIONARIES = 3 };

static void describe(struct store *store, uint32_t dictionary)
{
	store_fixture_describe(store, dictionary);
	for (uint32_t i = 0; i < N_PROCESSES; i++) {
		char comm[16];
		const struct label labels[] = { { "comm", comm }, { "exe", "/usr/bin/task" } };
		const struct store_process process = { 100 + i, 1000 + i, labels, 2 };

		snprintf(comm, sizeof(comm), "task%u", i);
		assert_int_equal(store_add_process(store, &process), 0);
		for (uint32_t k = 0; k < N_THREADS; k++)
			assert_int_equal(store_add_thread(store, 1000 + i * N_THREADS + k, 100 + i,
							  2000 + i * N_THREADS + k, "t"),
					 0);
	}
	for (uint32_t i = 0; i < N_STACKS; i++) {
		const struct frame frames[] = {
			{ FRAME_NATIVE, FIXTURE_FILE, 0x1000 + i % 3 },
			{ FRAME_NATIVE, FIXTURE_FILE, 0x2000 + i % 2 },
			{ FRAME_NATIVE, FIXTURE_FILE, 0x3000 },
		};

		assert_int_equal(store_add_stack(store, 200 + i, frames, 3), 0);
	}
}

/* xorshift64: the same samples in each run. */
static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)((*random >> 20) % below);
}

struct store *sums_fixture_new(void)
{
	struct store *store = store_fixture_new_empty(64 << 20);
	uint64_t random = 88172645463325252;

	for (uint32_t i = 0; i < SUMS_SAMPLES; i++) {
		uint32_t thread = draw(&random, N_PROCESSES * N_THREADS);
		uint64_t weight = 1 + draw(&random, 3);
		struct sample sample = {
			.time_unix_ns = FIXTURE_START_NS +
					draw(&random, SUMS_SECONDS) * 1000000000LL +
					draw(&random, 1000000000),
			.value = weight * FIXTURE_TICK_NS,
			.weight = weight,
			.thread = 1000 + thread * (thread % 4) / 4,
			.stack = 200 + draw(&random, N_STACKS),
		};

		if (i % (SUMS_SAMPLES / N_DICTIONARIES + 1) == 0)
			describe(store, 1 + i / (SUMS_SAMPLES / N_DICTIONARIES + 1));
		assert_int_equal(store_add_samples(store, &sample, 1), 1);
	}
	return store;
}

struct query sums_fixture_query(void)
{
	return (struct query){ .start_unix_ns = FIXTURE_START_NS, .end_unix_ns = SUMS_END_NS };
}
