/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_stacks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/query_budget.h"

enum { N_STACKS = 100 };

/* The frames of stack number i are i, and as many more of them as i has tens. */
static struct database *make_history(void)
{
	struct database *database = history_world_new();

	for (uint32_t i = 1; i <= N_STACKS; i++) {
		uint32_t frames[1 + N_STACKS / 10], number;

		for (uint32_t k = 0; k <= i / 10; k++)
			frames[k] = i;
		assert_int_equal(history_stack_put(database, frames, 1 + i / 10, &number), 0);
		assert_int_equal(number, i);
	}
	return database;
}

static void are_found_by_position_in_whatever_order_they_are_wanted(void **state)
{
	struct database *database = make_history();
	struct past_stacks stacks = { 0 };
	uint32_t position, again;

	(void)state;
	assert_int_equal(past_stacks_begin(&stacks, database), 0);
	for (uint32_t i = 0; i < N_STACKS; i++) {
		uint32_t number = 1 + i * 37 % N_STACKS;

		assert_int_equal(past_stacks_want(&stacks, number, &position), 0);
		assert_int_equal(position, i);
		assert_int_equal(past_stacks_want(&stacks, number, &again), 0);
		assert_int_equal(again, position);
	}
	assert_int_equal(past_stacks_read(&stacks, database, NULL), 0);
	assert_int_equal(stacks.n_stacks, N_STACKS);
	for (uint32_t i = 0; i < N_STACKS; i++) {
		const struct past_stack *stack = &stacks.stacks[i];

		assert_int_equal(stack->number, 1 + i * 37 % N_STACKS);
		assert_int_equal(stack->n_frames, 1 + stack->number / 10);
		for (uint32_t k = 0; k < stack->n_frames; k++)
			assert_int_equal(stacks.frames[stack->first + k], stack->number);
	}
	past_stacks_fini(&stacks);
	database_close(database);
}

static void those_that_cannot_be_read_are_marked(void **state)
{
	struct database *database = make_history();
	struct past_stacks stacks = { 0 };
	uint32_t position;

	(void)state;
	assert_int_equal(database_run(database, "UPDATE stack SET frames = x'81' WHERE id = 3"), 0);
	assert_int_equal(past_stacks_begin(&stacks, database), 0);
	for (uint32_t number = 2; number <= 4; number++)
		assert_int_equal(past_stacks_want(&stacks, number, &position), 0);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(past_stacks_want(&stacks, UINT32_MAX, &position), 0);
		assert_int_equal(position, 3);
	}
	assert_int_equal(past_stacks_read(&stacks, database, NULL), 0);
	assert_int_equal(stacks.stacks[0].n_frames, 1);
	assert_int_equal(stacks.stacks[1].n_frames, PAST_STACK_DAMAGED);
	assert_int_equal(stacks.frames[stacks.stacks[2].first], 4);
	assert_int_equal(stacks.stacks[3].n_frames, PAST_STACK_DAMAGED);
	past_stacks_fini(&stacks);
	database_close(database);
}

static void end_with_the_budget(void **state)
{
	struct database *database = make_history();
	struct past_stacks stacks = { 0 };
	struct query_budget budget;
	uint32_t position;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, 10);
	assert_int_equal(past_stacks_begin(&stacks, database), 0);
	assert_int_equal(past_stacks_want(&stacks, 1, &position), 0);
	assert_int_equal(past_stacks_read(&stacks, database, &budget), -EDQUOT);
	past_stacks_fini(&stacks);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_found_by_position_in_whatever_order_they_are_wanted),
		cmocka_unit_test(those_that_cannot_be_read_are_marked),
		cmocka_unit_test(end_with_the_budget),
	};

	return cmocka_run_group_tests_name("past_stacks", tests, NULL, NULL);
}
