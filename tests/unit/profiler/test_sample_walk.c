/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/sample_walk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/snapshot.h"
#include "profiler/store.h"
#include "profiler/window.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)

struct seen {
	int64_t last_second;
	size_t n_samples;
	size_t n_backwards; /* samples of a second before that of the one before them */
	size_t limit;
};

static int see(void *context, size_t dictionary_i, int64_t time_unix_ns,
	       const struct window_sample *sample)
{
	struct seen *seen = context;
	int64_t second = window_start_of(time_unix_ns);

	assert_in_range(dictionary_i, 0, 1);
	assert_int_equal(sample->weight, 1);
	seen->n_backwards += second < seen->last_second;
	seen->last_second = second;
	seen->n_samples++;
	return seen->n_samples < seen->limit ? 0 : -E2BIG;
}

static int walk(struct store *store, int64_t start, int64_t end, struct seen *seen)
{
	const struct sample_walk_callback callback = { see, seen };
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };

	assert_int_equal(snapshot_init(store, start, end, &snapshot), 0);
	return sample_walk(&snapshot, start, end, &callback);
}

/* Five seconds of samples, the latest first, the last two seconds in a dictionary of their own. */
static struct store *new_store_that_goes_backwards(void)
{
	struct store *store = store_fixture_new();

	for (int i = 500; i-- > 0;) {
		if (i == 199)
			store_fixture_describe(store, 2);
		store_fixture_add_sample(store, FIXTURE_START_NS + i * FIXTURE_TICK_NS);
	}
	return store;
}

static void goes_second_by_second_whatever_came_first(void **state)
{
	_cleanup_(store_freep) struct store *store = new_store_that_goes_backwards();
	struct seen seen = { .limit = SIZE_MAX };

	(void)state;
	assert_int_equal(walk(store, FIXTURE_START_NS, INT64_MAX, &seen), 0);
	assert_int_equal(seen.n_samples, 500);
	assert_int_equal(seen.n_backwards, 0);
}

static void keeps_to_the_range(void **state)
{
	_cleanup_(store_freep) struct store *store = new_store_that_goes_backwards();
	struct seen seen = { .limit = SIZE_MAX };

	(void)state;
	assert_int_equal(walk(store, FIXTURE_START_NS + FIXTURE_TICK_NS,
			      FIXTURE_START_NS + 11 * FIXTURE_TICK_NS, &seen),
			 0);
	assert_int_equal(seen.n_samples, 10);
}

static void ends_when_it_is_told_to(void **state)
{
	_cleanup_(store_freep) struct store *store = new_store_that_goes_backwards();
	struct seen seen = { .limit = 7 };

	(void)state;
	assert_int_equal(walk(store, FIXTURE_START_NS, INT64_MAX, &seen), -E2BIG);
	assert_int_equal(seen.n_samples, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_second_by_second_whatever_came_first),
		cmocka_unit_test(keeps_to_the_range),
		cmocka_unit_test(ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests_name("sample_walk", tests, NULL, NULL);
}
