/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/clock.h"
#include "profiler/snapshot.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

enum { N_THREADS = 7, N_STACKS = 11, N_SAMPLES = 2000, N_ROUNDS = 50, SPREAD_S = 30 };

/* By the order in which threads and stacks were described. */
struct sums {
	struct merge_group of[N_THREADS][N_STACKS];
};

/* The sums over [@start_unix_ns, @end_unix_ns). */
static struct merge_group merged(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns)
{
	struct merge_group sum = { 0 };
	struct snapshot snapshot;
	struct merge merge;

	assert_int_equal(snapshot_init(store, start_unix_ns, end_unix_ns, &snapshot), 0);
	assert_int_equal(merge_init(&snapshot, start_unix_ns, end_unix_ns, &merge), 0);
	for (size_t i = 0; i < merge.n_parts; i++) {
		assert_in_range(merge.parts[i].n_groups, 0, 1);
		for (size_t k = 0; k < merge.parts[i].n_groups; k++) {
			sum.count += merge.parts[i].groups[k].count;
			sum.value += merge.parts[i].groups[k].value;
		}
	}
	merge_fini(&merge);
	snapshot_fini(&snapshot);
	return sum;
}

static void adds_up_a_range_as_the_sum_of_its_parts(void **state)
{
	struct store *store = store_fixture_new();
	int64_t start = FIXTURE_START_NS, end = start + 5 * NS_PER_SECOND;

	(void)state;
	for (int i = 0; i < 500; i++) {
		if (i == 250)
			store_fixture_describe(store, 2);
		store_fixture_add_sample(store, start + i * FIXTURE_TICK_NS);
	}
	assert_int_equal(merged(store, start, end).count, 500);
	assert_int_equal(merged(store, start, end).value, 500 * FIXTURE_TICK_NS);
	for (int64_t cut = start; cut <= end; cut += 123456789)
		assert_int_equal(merged(store, start, cut).count + merged(store, cut, end).count,
				 500);
	store_free(store);
}

static uint32_t draw(uint32_t *random, uint32_t below)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 8) % below;
}

/* A store of random samples, of which few threads and stacks have many; *@ret_sums has them. */
static struct store *new_random_store(uint32_t *random, struct sums *ret_sums)
{
	static const struct store_process process = { 1, FIXTURE_PID, NULL, 0 };
	struct store *store = store_fixture_new_empty(64 << 20);

	memset(ret_sums, 0, sizeof(*ret_sums));
	assert_int_equal(store_begin_dictionary(store, 1), 0);
	assert_int_equal(store_add_process(store, &process), 0);
	for (uint32_t i = 0; i < N_THREADS; i++)
		assert_int_equal(store_add_thread(store, 100 + i, 1, 1 + i, "worker"), 0);
	for (uint32_t i = 0; i < N_STACKS; i++) {
		const struct frame frame = { FRAME_KERNEL, 0, 0xffffffff81000000 + i };

		assert_int_equal(store_add_stack(store, 200 + i, &frame, 1), 0);
	}
	for (int i = 0; i < N_SAMPLES; i++) {
		uint32_t thread = draw(random, 1 + draw(random, N_THREADS));
		uint32_t stack = draw(random, 1 + draw(random, N_STACKS));
		const struct sample sample = {
			.time_unix_ns =
				FIXTURE_START_NS + draw(random, SPREAD_S * 1000) * NS_PER_MS,
			.value = 1 + draw(random, 1000),
			.weight = 1 + draw(random, 3),
			.thread = 100 + thread,
			.stack = 200 + stack,
		};

		assert_int_equal(store_add_samples(store, &sample, 1), 1);
		ret_sums->of[thread][stack].count += sample.weight;
		ret_sums->of[thread][stack].value += sample.value;
	}
	return store;
}

/* The groups of a range, which the caller gives back. */
static struct merge merge_of(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns)
{
	struct snapshot snapshot;
	struct merge merge;

	assert_int_equal(snapshot_init(store, start_unix_ns, end_unix_ns, &snapshot), 0);
	assert_int_equal(merge_init(&snapshot, start_unix_ns, end_unix_ns, &merge), 0);
	assert_int_equal(merge.n_parts, 1);
	snapshot_fini(&snapshot);
	return merge;
}

static void add(struct merge *sum, const struct merge *added)
{
	for (size_t i = 0; i < added->parts[0].n_groups; i++)
		assert_int_equal(merge_part_add(&sum->parts[0], &added->parts[0].groups[i]), 0);
}

/* Each thread and stack has one group at most, which has what @sums says. */
static void assert_sums(const struct merge *merge, const struct sums *sums)
{
	struct sums left = *sums;

	for (size_t i = 0; i < merge->parts[0].n_groups; i++) {
		const struct merge_group *group = &merge->parts[0].groups[i];
		struct merge_group *expected;

		assert_true(group->thread < N_THREADS && group->stack < N_STACKS);
		expected = &left.of[group->thread][group->stack];
		assert_true(group->count > 0);
		assert_int_equal(group->count, expected->count);
		assert_int_equal(group->value, expected->value);
		*expected = (struct merge_group){ 0 };
	}
	for (size_t i = 0; i < N_THREADS; i++)
		for (size_t k = 0; k < N_STACKS; k++)
			assert_int_equal(left.of[i][k].count, 0);
}

/* Cut in three: (a + b) + c and a + (b + c) are the whole, in each thread and stack. */
static void is_the_same_in_whatever_order_parts_are_added(void **state)
{
	int64_t start = FIXTURE_START_NS, end = start + SPREAD_S * NS_PER_SECOND;
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < N_ROUNDS; round++) {
		struct sums sums;
		struct store *store = new_random_store(&random, &sums);
		int64_t second = start + draw(&random, SPREAD_S * 1000) * NS_PER_MS;
		int64_t first = start + draw(&random, SPREAD_S * 1000) * (second - start) /
						(SPREAD_S * 1000);
		struct merge whole = merge_of(store, start, end);
		struct merge left = merge_of(store, start, first);
		struct merge a = merge_of(store, start, first);
		struct merge b = merge_of(store, first, second);
		struct merge c = merge_of(store, second, end);

		add(&left, &b);
		add(&left, &c);
		add(&b, &c);
		add(&a, &b);
		assert_sums(&whole, &sums);
		assert_sums(&left, &sums);
		assert_sums(&a, &sums);
		merge_fini(&whole);
		merge_fini(&left);
		merge_fini(&a);
		merge_fini(&b);
		merge_fini(&c);
		store_free(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_a_range_as_the_sum_of_its_parts),
		cmocka_unit_test(is_the_same_in_whatever_order_parts_are_added),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
