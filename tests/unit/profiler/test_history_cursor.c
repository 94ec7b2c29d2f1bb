/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_cursor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"
#include "profiler/history_dictionary.h"

enum { N_STACKS = 300 };

static uint32_t length_of(uint32_t stack)
{
	return 1 + stack % 49;
}

/* The frames of stack number i are i, i + 1 … */
static void add_stacks(struct database *database)
{
	for (uint32_t i = 1; i <= N_STACKS; i++) {
		uint32_t frames[50], number;

		for (uint32_t k = 0; k < length_of(i); k++)
			frames[k] = i + k;
		assert_int_equal(history_stack_put(database, frames, length_of(i), &number), 0);
		assert_int_equal(number, i);
	}
}

static void expect_stack(struct history_cursor *cursor, uint32_t number)
{
	uint32_t frames[HISTORY_MAX_FRAMES], n_frames;

	assert_int_equal(history_cursor_get_stack(cursor, number, frames, &n_frames), 0);
	assert_int_equal(n_frames, length_of(number));
	for (uint32_t i = 0; i < n_frames; i++)
		assert_int_equal(frames[i], number + i);
}

static void finds_rows_near_and_far_and_behind(void **state)
{
	static const uint32_t numbers[] = { 1, 2, 4, 4, 30, 31, 39, 90, 3, 200, 201 };
	struct database *database = history_world_new();
	struct history_cursor cursor = { .database = database };

	(void)state;
	add_stacks(database);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		expect_stack(&cursor, numbers[i]);
	history_cursor_fini(&cursor);
	database_close(database);
}

static void what_is_not_there_is_refused_and_others_are_found(void **state)
{
	struct database *database = history_world_new();
	struct history_cursor cursor = { .database = database };
	uint32_t frames[HISTORY_MAX_FRAMES], n_frames;

	(void)state;
	assert_int_equal(history_cursor_get_stack(&cursor, 0, frames, &n_frames), -EBADMSG);
	assert_int_equal(history_cursor_get_stack(&cursor, 1, frames, &n_frames), -EBADMSG);
	add_stacks(database);
	assert_int_equal(database_run(database, "DELETE FROM stack WHERE id IN (5, 100, 101)"), 0);
	expect_stack(&cursor, 4);
	assert_int_equal(history_cursor_get_stack(&cursor, 5, frames, &n_frames), -EBADMSG);
	expect_stack(&cursor, 6);
	assert_int_equal(history_cursor_get_stack(&cursor, 100, frames, &n_frames), -EBADMSG);
	assert_int_equal(history_cursor_get_stack(&cursor, 101, frames, &n_frames), -EBADMSG);
	expect_stack(&cursor, 102);
	assert_int_equal(history_cursor_get_stack(&cursor, UINT32_MAX, frames, &n_frames),
			 -EBADMSG);
	expect_stack(&cursor, 103);
	history_cursor_fini(&cursor);
	database_close(database);
}

static void what_is_damaged_is_refused(void **state)
{
	struct database *database = history_world_new();
	struct history_cursor stacks = { .database = database }, frames = { .database = database };
	struct history_frame frame = { .kind = FRAME_NATIVE, .place = 1 };
	uint32_t numbers[HISTORY_MAX_FRAMES] = { 1, 2 }, n_numbers, number;

	(void)state;
	assert_int_equal(history_stack_put(database, numbers, 2, &number), 0);
	assert_int_equal(database_run(database, "UPDATE stack SET frames = x'01ff'"), 0);
	assert_int_equal(history_cursor_get_stack(&stacks, number, numbers, &n_numbers), -EBADMSG);
	assert_int_equal(history_frame_put(database, &frame, &number), 0);
	assert_int_equal(database_run(database, "UPDATE frame SET kind = 77"), 0);
	assert_int_equal(history_cursor_get_frame(&frames, number, &frame), -EBADMSG);
	history_cursor_fini(&stacks);
	history_cursor_fini(&frames);
	database_close(database);
}

static void no_stack_is_longer_than_the_longest(void **state)
{
	struct database *database = history_world_new();
	struct history_cursor cursor = { .database = database };
	uint32_t frames[HISTORY_MAX_FRAMES], n_frames, number;
	char sql[256];

	(void)state;
	for (uint32_t i = 0; i < HISTORY_MAX_FRAMES; i++)
		frames[i] = i % 100;
	assert_int_equal(history_stack_put(database, frames, HISTORY_MAX_FRAMES, &number), 0);
	assert_int_equal(history_cursor_get_stack(&cursor, number, frames, &n_frames), 0);
	assert_int_equal(n_frames, HISTORY_MAX_FRAMES);
	history_cursor_fini(&cursor);
	snprintf(sql, sizeof(sql), "UPDATE stack SET frames = zeroblob(%d)",
		 HISTORY_MAX_FRAMES + 1);
	assert_int_equal(database_run(database, sql), 0);
	assert_int_equal(history_cursor_get_stack(&cursor, number, frames, &n_frames), -EBADMSG);
	history_cursor_fini(&cursor);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_rows_near_and_far_and_behind),
		cmocka_unit_test(what_is_not_there_is_refused_and_others_are_found),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(no_stack_is_longer_than_the_longest),
	};

	return cmocka_run_group_tests_name("history_cursor", tests, NULL, NULL);
}
