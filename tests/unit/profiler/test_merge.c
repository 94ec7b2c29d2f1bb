/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/clock.h"
#include "profiler/snapshot.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_a_range_as_the_sum_of_its_parts),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
