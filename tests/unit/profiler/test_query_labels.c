/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)

static void add_process(struct store *store, uint32_t number, const char *comm, const char *exe)
{
	const struct label labels[] = { { "comm", comm }, { "exe", exe } };
	const struct store_process process = { number, number, labels, ARRAY_SIZE(labels) };

	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, number, number, number, comm), 0);
}

static void add_sample(struct store *store, uint32_t thread, uint32_t stack)
{
	struct sample sample = { FIXTURE_START_NS, FIXTURE_TICK_NS, 1, thread, stack, 0, 0, 0, 0 };

	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}

static void lists_the_values_of_a_label(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(buffer_fini) struct buffer json = { 0 };
	struct query query = { FIXTURE_START_NS, FIXTURE_START_NS + NS_PER_SECOND, NULL };

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	add_process(store, 2, "\"quoted\"\n", "");
	add_process(store, 3, "aaa", "");
	add_process(store, 4, "unseen", "");
	add_sample(store, 2, FIXTURE_STACK);
	add_sample(store, 3, FIXTURE_STACK);
	assert_int_equal(query_label_values(store, &query, "comm", &json), 0);
	assert_int_equal(query_label_values(store, &query, "exe", &json), 0);
	assert_int_equal(query_label_values(store, &query, "nonsense", &json), 0);
	buffer_append_char(&json, '\0');
	assert_string_equal(json.data, "[\"\\\"quoted\\\"\\n\",\"aaa\",\"api\"]"
				       "[\"/usr/bin/api\"][]");
}

static void lists_the_names_of_the_labels_that_are_there(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(buffer_fini) struct buffer json = { 0 };
	struct query query = { FIXTURE_START_NS, FIXTURE_START_NS + NS_PER_SECOND, NULL };

	(void)state;
	add_process(store, 2, "aaa", "");
	add_sample(store, 2, FIXTURE_STACK);
	assert_int_equal(query_label_names(store, &query, &json), 0);
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(query_label_names(store, &query, &json), 0);
	buffer_append_char(&json, '\0');
	assert_string_equal(json.data, "[\"comm\",\"pid\",\"thread\",\"tid\"]"
				       "[\"cgroup\",\"comm\",\"exe\",\"pid\",\"thread\",\"tid\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_the_values_of_a_label),
		cmocka_unit_test(lists_the_names_of_the_labels_that_are_there),
	};

	return cmocka_run_group_tests_name("query labels", tests, NULL, NULL);
}
