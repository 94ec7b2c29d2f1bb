/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/store.h"

struct store *store_fixture_new_empty(size_t memory_bytes)
{
	struct store_options options = {
		.memory_bytes = memory_bytes,
		.retention_ns = 600 * NS_PER_SECOND,
		.period_ns = FIXTURE_TICK_NS,
	};
	struct store *store;

	assert_int_equal(store_new(&options, &store), 0);
	return store;
}

void store_fixture_describe(struct store *store, uint32_t number)
{
	static const struct label labels[] = { { "cgroup", "/system.slice/api.service" },
					       { "comm", "api" },
					       { "exe", "/usr/bin/api" } };
	const struct store_process process = { FIXTURE_PROCESS, FIXTURE_PID, labels,
					       ARRAY_SIZE(labels) };
	struct frame frames[] = {
		{ FRAME_KERNEL, 0, 0xffffffff81000010 },
		{ FRAME_NATIVE, FIXTURE_FILE, 0x1100 },
		{ FRAME_NATIVE, FIXTURE_FILE, 0x1200 },
	};

	assert_int_equal(store_begin_dictionary(store, number), 0);
	assert_int_equal(store_add_file(store, FIXTURE_FILE, "/usr/bin/api"), 0);
	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(
		store_add_thread(store, FIXTURE_THREAD, FIXTURE_PROCESS, FIXTURE_PID + 1, "worker"),
		0);
	assert_int_equal(store_add_stack(store, FIXTURE_STACK, frames, ARRAY_SIZE(frames)), 0);
}

struct store *store_fixture_new(void)
{
	struct store *store = store_fixture_new_empty(64 << 20);

	store_fixture_describe(store, 1);
	return store;
}

size_t store_fixture_add_sample(struct store *store, int64_t time_unix_ns)
{
	struct sample sample = {
		.time_unix_ns = time_unix_ns,
		.value = FIXTURE_TICK_NS,
		.weight = 1,
		.thread = FIXTURE_THREAD,
		.stack = FIXTURE_STACK,
	};

	return store_add_samples(store, &sample, 1);
}

void store_fixture_add_other(struct store *store, const struct label *labels, uint32_t n_labels)
{
	const struct store_process process = { 100, 100, labels, n_labels };
	const struct sample sample = { .time_unix_ns = FIXTURE_START_NS,
				       .value = FIXTURE_TICK_NS,
				       .weight = 1,
				       .thread = 100,
				       .stack = FIXTURE_STACK };

	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, 100, 100, 100, "main"), 0);
	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}
