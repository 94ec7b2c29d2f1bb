/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/pending_list.h"

#include <errno.h>

#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct pending_list *, pending_list_free)

enum { WAIT_NS = 100 };

struct tries {
	unsigned int n;
	unsigned int n_last;
	uint64_t done_pc; /* the record that need not wait any longer */
	uint64_t pcs;     /* in the order in which they were tried, as decimal digits */
};

static struct pending_list *make(size_t max_records)
{
	struct pending_list *list;

	assert_int_equal(pending_list_new(max_records, WAIT_NS, &list), 0);
	return list;
}

static void add(struct pending_list *list, uint64_t pc, int64_t now_ns)
{
	static struct pending_record record;

	record.pc = pc;
	assert_int_equal(pending_list_add(list, &record, sizeof(record), now_ns), 0);
}

static bool count(void *context, const struct pending_record *record, bool is_last_try)
{
	struct tries *tries = context;

	tries->n++;
	tries->n_last += is_last_try;
	tries->pcs = tries->pcs * 10 + record->pc;
	return record->pc == tries->done_pc;
}

static void tries_all_in_the_order_in_which_they_came(void **state)
{
	_cleanup_(pending_list_freep) struct pending_list *list = make(10);
	struct tries tries = { 0 };

	(void)state;
	add(list, 1, 0);
	add(list, 2, 0);
	add(list, 3, 0);
	pending_list_run(list, 1, true, count, &tries);
	assert_int_equal(tries.pcs, 123);
	assert_int_equal(pending_list_count(list), 3);
}

static void lets_go_of_what_is_done_wherever_it_stands(void **state)
{
	(void)state;
	for (uint64_t done_pc = 1; done_pc <= 3; done_pc++) {
		_cleanup_(pending_list_freep) struct pending_list *list = make(10);
		struct tries tries = { .done_pc = done_pc }, after = { 0 };

		add(list, 1, 0);
		add(list, 2, 0);
		add(list, 3, 0);
		pending_list_run(list, 1, true, count, &tries);
		assert_int_equal(pending_list_count(list), 2);
		add(list, 4, 0);
		pending_list_run(list, 1, true, count, &after);
		assert_int_equal(after.n, 3);
		assert_int_equal(after.pcs % 10, 4);
	}
}

static void tries_what_has_waited_long_enough_for_the_last_time(void **state)
{
	_cleanup_(pending_list_freep) struct pending_list *list = make(10);
	struct tries tries = { 0 };

	(void)state;
	add(list, 1, 0);
	add(list, 2, WAIT_NS / 2);
	pending_list_run(list, WAIT_NS, true, count, &tries);
	assert_int_equal(tries.n, 2);
	assert_int_equal(tries.n_last, 1);
	assert_int_equal(pending_list_count(list), 1);
}

static void tries_again_only_what_there_is_news_for(void **state)
{
	_cleanup_(pending_list_freep) struct pending_list *list = make(10);
	struct tries tries = { 0 };

	(void)state;
	add(list, 1, 0);
	pending_list_run(list, 1, false, count, &tries);
	assert_int_equal(tries.n, 1);
	add(list, 2, 1);
	pending_list_run(list, 2, false, count, &tries);
	assert_int_equal(tries.pcs, 12); /* the new one */
	pending_list_run(list, 3, false, count, &tries);
	assert_int_equal(tries.n, 2);
	pending_list_run(list, 4, true, count, &tries);
	assert_int_equal(tries.n, 4);
	pending_list_run(list, WAIT_NS, false, count, &tries);
	assert_int_equal(tries.n_last, 1);
	assert_int_equal(pending_list_count(list), 1);
}

static void takes_no_more_than_its_bound(void **state)
{
	_cleanup_(pending_list_freep) struct pending_list *list = make(1);
	static const struct pending_record record;

	(void)state;
	add(list, 1, 0);
	assert_int_equal(pending_list_add(list, &record, sizeof(record), 0), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tries_all_in_the_order_in_which_they_came),
		cmocka_unit_test(lets_go_of_what_is_done_wherever_it_stands),
		cmocka_unit_test(tries_what_has_waited_long_enough_for_the_last_time),
		cmocka_unit_test(tries_again_only_what_there_is_news_for),
		cmocka_unit_test(takes_no_more_than_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
