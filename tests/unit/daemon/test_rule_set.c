/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/rule_set.h"

#include <errno.h>

#include "bpf/unwind_table.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

DEFINE_CLEANUP(struct rule_set *, rule_set_free)

static uint64_t slots[UNWIND_MAX_RULES];

static struct rule_set *make(void)
{
	struct rule_set *set;

	assert_int_equal(rule_set_new(slots, &set), 0);
	return set;
}

static void keeps_each_rule_once(void **state)
{
	_cleanup_(rule_set_freep) struct rule_set *set = make();
	uint16_t first, second, other;

	(void)state;
	assert_int_equal(rule_set_take(set, 0x1234, &first), 0);
	assert_int_equal(rule_set_take(set, 0x1234, &second), 0);
	assert_int_equal(rule_set_take(set, 0x5678, &other), 0);
	assert_int_equal(first, second);
	assert_int_not_equal(first, other);
	assert_int_equal(slots[first], 0x1234);
	assert_int_equal(rule_set_count(set), 2);
}

static void keeps_a_rule_as_long_as_a_table_uses_it(void **state)
{
	_cleanup_(rule_set_freep) struct rule_set *set = make();
	uint16_t first, second;

	(void)state;
	assert_int_equal(rule_set_take(set, 0x1234, &first), 0);
	assert_int_equal(rule_set_take(set, 0x1234, &second), 0);
	rule_set_give(set, first, clock_monotonic_ns());
	assert_int_equal(rule_set_count(set), 1);
	rule_set_give(set, second, clock_monotonic_ns());
	assert_int_equal(rule_set_count(set), 0);
}

static void gives_no_slot_out_that_a_program_may_still_read(void **state)
{
	_cleanup_(rule_set_freep) struct rule_set *set = make();
	uint16_t index, last = 0;

	(void)state;
	for (uint64_t rule = 1; rule <= UNWIND_MAX_RULES; rule++)
		assert_int_equal(rule_set_take(set, rule, &last), 0);
	assert_int_equal(rule_set_take(set, UINT64_MAX, &index), -ENOSPC);
	rule_set_give(set, last, clock_monotonic_ns());
	assert_int_equal(rule_set_take(set, UINT64_MAX, &index), -ENOSPC);
	assert_int_equal(rule_set_take(set, 1, &index), 0); /* one that is there needs none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_each_rule_once),
		cmocka_unit_test(keeps_a_rule_as_long_as_a_table_uses_it),
		cmocka_unit_test(gives_no_slot_out_that_a_program_may_still_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
