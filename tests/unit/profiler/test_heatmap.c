/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/heatmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/history.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "tests/unit/profiler/sums_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)

#define START_S (FIXTURE_START_NS / NS_PER_SECOND)

static uint64_t cell(const struct heatmap *heatmap, size_t column, size_t row)
{
	return heatmap->counts[column * heatmap->n_rows + row];
}

static void has_a_cell_for_each_second_and_offset(void **state)
{
	static const int64_t offsets_ns[] = { 0, 99999999, 100000000, 2999999999, 3500000000 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	const struct query query = { FIXTURE_START_NS + 1, FIXTURE_START_NS + 3500000001 };
	const struct heatmap_options options = { 10, 10 };
	struct heatmap heatmap;

	(void)state;
	for (size_t i = 0; i < sizeof(offsets_ns) / sizeof(offsets_ns[0]); i++)
		store_fixture_add_sample(store, FIXTURE_START_NS + offsets_ns[i]);
	assert_int_equal(heatmap_init(store, &query, &options, &heatmap), 0);
	assert_int_equal(heatmap.start_unix_s, START_S);
	assert_int_equal(heatmap.column_s, 1);
	assert_int_equal(heatmap.n_columns, 4);
	assert_int_equal(cell(&heatmap, 0, 0), 1); /* the one before the range is not in it */
	assert_int_equal(cell(&heatmap, 0, 1), 1);
	assert_int_equal(cell(&heatmap, 2, 9), 1);
	assert_int_equal(cell(&heatmap, 3, 5), 1);
	assert_int_equal(heatmap.count, 4);
	assert_int_equal(heatmap.value, 4 * FIXTURE_TICK_NS);
	assert_int_equal(heatmap.coarse[0], 0);
	heatmap_fini(&heatmap);
}

static void puts_seconds_together_when_there_are_too_many(void **state)
{
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	const struct query query = sums_fixture_query();
	struct heatmap fine, wide;
	const struct heatmap_options options = { SUMS_SECONDS, 4 }, few = { 3, 4 };

	(void)state;
	assert_int_equal(heatmap_init(store, &query, &options, &fine), 0);
	assert_int_equal(heatmap_init(store, &query, &few, &wide), 0);
	assert_int_equal(fine.n_columns, SUMS_SECONDS);
	assert_int_equal(wide.column_s, 7);
	assert_int_equal(wide.n_columns, 3);
	for (size_t column = 0; column < wide.n_columns; column++) {
		uint64_t sum = 0;

		for (size_t i = column * 7; i < (column + 1) * 7 && i < SUMS_SECONDS; i++)
			sum += cell(&fine, i, 2);
		assert_int_equal(cell(&wide, column, 2), sum);
	}
	heatmap_fini(&fine);
	heatmap_fini(&wide);
}

static uint64_t coarse_count(const struct heatmap *heatmap)
{
	uint64_t count = 0;

	for (size_t i = 0; i < heatmap->n_columns; i++)
		count += heatmap->coarse[i];
	return count;
}

static void has_exact_offsets_of_the_last_hour(void **state)
{
	const struct history_options options = { ":memory:", 1000 * 3600, 64LL << 20 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	int64_t start_s = clock_unix_ns() / NS_PER_SECOND + 1, start_ns = start_s * NS_PER_SECOND;
	const struct query query = { start_ns - 7300 * NS_PER_SECOND, start_ns + 1500000000 };
	const struct heatmap_options map = { 20000, 10 };
	struct history *history;
	struct heatmap heatmap;

	(void)state;
	assert_int_equal(history_open(&options, &history), 0);
	history_attach(history, store);
	store_fixture_add_sample(store, start_ns - 7200 * NS_PER_SECOND + 350000000);
	store_fixture_add_sample(store, start_ns - 100 * NS_PER_SECOND + 350000000);
	store_fixture_add_sample(store, start_ns + 120000000);
	store_fixture_add_sample(store, start_ns + 980000000);
	store_fixture_add_sample(store, start_ns + 1200000000);
	assert_int_equal(history_tick(history, store, INT64_MAX, start_ns), 0);
	assert_int_equal(heatmap_init(store, &query, &map, &heatmap), 0);
	assert_int_equal(heatmap.count, 5);
	assert_int_equal(coarse_count(&heatmap), 1);
	assert_int_equal(heatmap.coarse[100], 1);
	assert_int_equal(cell(&heatmap, 7200, 3), 1);
	assert_int_equal(cell(&heatmap, 7300, 1), 1);
	assert_int_equal(cell(&heatmap, 7300, 9), 1);
	assert_int_equal(cell(&heatmap, 7301, 2), 1);
	heatmap_fini(&heatmap);
	store = store_free(store);
	history_close(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_cell_for_each_second_and_offset),
		cmocka_unit_test(puts_seconds_together_when_there_are_too_many),
		cmocka_unit_test(has_exact_offsets_of_the_last_hour),
	};

	return cmocka_run_group_tests_name("heat map", tests, NULL, NULL);
}
