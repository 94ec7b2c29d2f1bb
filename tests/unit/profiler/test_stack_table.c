/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/stack_table.h"

#include <errno.h>

#include "bpf/wire.h"
#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct stack_table *, stack_table_free)

static void remember(void *context, uint64_t hash)
{
	*(uint64_t *)context += hash;
}

static void finds_a_stack_by_its_hash(void **state)
{
	_cleanup_(stack_table_freep) struct stack_table *table = NULL;
	struct stack *stack;

	(void)state;
	assert_int_equal(stack_table_new(10, &table), 0);
	assert_null(stack_table_find(table, 42));
	assert_int_equal(stack_table_add(table, 42, 3, &stack), 0);
	stack->frames[2].place = 7;
	assert_ptr_equal(stack_table_find(table, 42), stack);
	assert_int_equal(stack->n_frames, 3);
	assert_int_equal(stack->number, 1);
}

static void add_hash(void *context, const struct stack *stack)
{
	remember(context, stack->hash);
}

static void calls_for_each_stack(void **state)
{
	_cleanup_(stack_table_freep) struct stack_table *table = NULL;
	uint64_t sum = 0;
	struct stack *stack;

	(void)state;
	assert_int_equal(stack_table_new(10, &table), 0);
	stack_table_each(table, add_hash, &sum);
	assert_int_equal(sum, 0);
	for (uint32_t hash = 1; hash <= 4; hash++)
		assert_int_equal(stack_table_add(table, hash, 1, &stack), 0);
	stack_table_each(table, add_hash, &sum);
	assert_int_equal(sum, 10);
}

static void takes_no_more_than_its_bound(void **state)
{
	_cleanup_(stack_table_freep) struct stack_table *table = NULL;
	struct stack *stack;

	(void)state;
	assert_int_equal(stack_table_new(2, &table), 0);
	assert_int_equal(stack_table_add(table, 1, 0, &stack), 0);
	assert_int_equal(stack_table_add(table, 2, 0, &stack), 0);
	assert_int_equal(stack_table_add(table, 3, 0, &stack), -ENOSPC);
	assert_int_equal(stack_table_count(table), 2);
}

static void forgets_what_no_recent_dictionary_used_and_tells_of_it(void **state)
{
	_cleanup_(stack_table_freep) struct stack_table *table = NULL;
	uint64_t sum_of_forgotten = 0;
	struct stack *stack;

	(void)state;
	assert_int_equal(stack_table_new(10, &table), 0);
	for (uint32_t hash = 1; hash <= 4; hash++) {
		assert_int_equal(stack_table_add(table, hash, 1, &stack), 0);
		stack->last_used = hash;
	}
	stack_table_forget_unused(table, 3, remember, &sum_of_forgotten);
	assert_int_equal(sum_of_forgotten, 1 + 2);
	assert_null(stack_table_find(table, 2));
	assert_non_null(stack_table_find(table, 3));
	assert_int_equal(stack_table_add(table, 1, 1, &stack), 0);
	assert_int_equal(stack->number, 5);
}

static void hashes_all_that_a_stack_is(void **state)
{
	const struct frame frames[] = { { FRAME_NATIVE, 1, 2 }, { FRAME_NATIVE, 2, 1 } };
	const struct frame swapped[] = { frames[1], frames[0] };
	const struct frame anonymous[] = { { FRAME_JIT, 1, 2 }, frames[1] };
	const uint64_t hash = stack_hash(frames, 2, STACK_WHOLE);

	(void)state;
	assert_int_equal(stack_hash(frames, 2, STACK_WHOLE), hash);
	assert_int_not_equal(stack_hash(frames, 1, STACK_WHOLE), hash);
	assert_int_not_equal(stack_hash(frames, 2, STACK_PENDING), hash);
	assert_int_not_equal(stack_hash(swapped, 2, STACK_WHOLE), hash);
	assert_int_not_equal(stack_hash(anonymous, 2, STACK_WHOLE), hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_stack_by_its_hash),
		cmocka_unit_test(calls_for_each_stack),
		cmocka_unit_test(takes_no_more_than_its_bound),
		cmocka_unit_test(forgets_what_no_recent_dictionary_used_and_tells_of_it),
		cmocka_unit_test(hashes_all_that_a_stack_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
