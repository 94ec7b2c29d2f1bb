/* SPDX-License-Identifier: Apache-2.0 */
#include "web/function_meter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/function_counts.h"
#include "profiler/label.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct function_meter *, function_meter_free)
DEFINE_CLEANUP(struct selector *, selector_free)

#define PATIENCE_NS (60 * NS_PER_SECOND)

/* A store in which the service "shop" has used the fixture's stack, just now. */
static struct store *new_store(void)
{
	const struct label labels[] = { { LABEL_SERVICE, "shop" } };
	const struct store_process process = {
		.process = 2,
		.pid = 2,
		.labels = labels,
		.n_labels = 1,
	};
	struct store *store = store_fixture_new();

	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, 2, 2, 2, "shop"), 0);
	return store;
}

static void add_sample(struct store *store)
{
	struct sample sample = { clock_unix_ns() - METER_LAG_NS, FIXTURE_TICK_NS, 1, 2,
				 FIXTURE_STACK };

	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}

/* Read once more, as if it were time. */
static void read_again(struct function_meter *meter, int64_t *now_ns)
{
	int64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;
	size_t n_before = function_meter_reading_count(meter);

	while (function_meter_reading_count(meter) == n_before) {
		assert_true(clock_monotonic_ns() < end_ns);
		*now_ns += METER_INTERVAL_NS;
		function_meter_advance(meter, *now_ns);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void counts_what_a_chosen_service_used(void **state)
{
	_cleanup_(store_freep) struct store *store = new_store();
	_cleanup_(function_meter_freep) struct function_meter *meter = NULL;
	const struct function_counts *counts;
	int64_t now_ns = 1;

	(void)state;
	assert_int_equal(function_meter_new(store, "sh.p", 10, &meter), 0);
	counts = function_meter_counts(meter);
	add_sample(store);
	read_again(meter, &now_ns);
	while (!counts->n_listed)
		read_again(meter, &now_ns);
	assert_int_equal(counts->n_listed, 1);
	assert_string_equal(counts->items[0].service, "shop");
	assert_int_equal(counts->items[0].cpu_ns, FIXTURE_TICK_NS);
	add_sample(store);
	while (counts->items[0].cpu_ns == FIXTURE_TICK_NS)
		read_again(meter, &now_ns);
	assert_int_equal(counts->items[0].cpu_ns, 2 * FIXTURE_TICK_NS);
	assert_int_equal(function_meter_failed_count(meter), 0);
}

static void leaves_other_services_alone(void **state)
{
	_cleanup_(store_freep) struct store *store = new_store();
	_cleanup_(function_meter_freep) struct function_meter *meter = NULL;
	int64_t now_ns = 1;

	(void)state;
	assert_int_equal(function_meter_new(store, "sho", 10, &meter), 0);
	add_sample(store);
	for (int i = 0; i < 5; i++)
		read_again(meter, &now_ns);
	assert_int_equal(function_meter_counts(meter)->n_items, 0);
}

static void a_regular_expression_may_hold_quotes(void **state)
{
	_cleanup_(selector_freep) struct selector *selector = NULL;
	char error[256];

	(void)state;
	assert_int_equal(function_meter_select("a\"b\\.c", &selector, error, sizeof(error)), 0);
	assert_int_equal(function_meter_select("a(b", &selector, error, sizeof(error)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_a_chosen_service_used),
		cmocka_unit_test(leaves_other_services_alone),
		cmocka_unit_test(a_regular_expression_may_hold_quotes),
	};

	return cmocka_run_group_tests_name("function_meter", tests, NULL, NULL);
}
