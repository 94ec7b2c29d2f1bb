/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_dictionary.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/base/buffer.h"
#include "profiler/database.h"
#include "profiler/history_cursor.h"

static uint32_t put_string(struct database *database, const char *text)
{
	uint32_t string;

	assert_int_equal(history_string_put(database, text, &string), 0);
	return string;
}

static void a_text_has_one_number(void **state)
{
	struct database *database = history_world_new();
	struct buffer text = { 0 };
	uint32_t string = put_string(database, "it's \"\xc3\xa9\"; --");

	(void)state;
	assert_int_equal(put_string(database, ""), 0);
	assert_int_not_equal(put_string(database, "other"), string);
	assert_int_equal(put_string(database, "it's \"\xc3\xa9\"; --"), string);
	assert_int_equal(history_string_get(database, string, &text), 0);
	buffer_append_char(&text, '\0');
	assert_string_equal(text.data, "it's \"\xc3\xa9\"; --");
	assert_int_equal(history_string_get(database, 99, &text), -EBADMSG);
	buffer_fini(&text);
	database_close(database);
}

static void a_stack_has_one_number(void **state)
{
	static const uint32_t frames[] = { 5, 1, UINT32_MAX, 5 };
	struct database *database = history_world_new();
	struct history_cursor cursor = { .database = database };
	uint32_t stack, again, shorter, empty, n_found, found[HISTORY_MAX_FRAMES];

	(void)state;
	assert_int_equal(history_stack_put(database, frames, 4, &stack), 0);
	assert_int_equal(history_stack_put(database, frames, 3, &shorter), 0);
	assert_int_equal(history_stack_put(database, frames, 4, &again), 0);
	assert_int_equal(history_stack_put(database, frames, 0, &empty), 0);
	assert_int_equal(again, stack);
	assert_int_not_equal(shorter, stack);
	assert_int_equal(history_cursor_get_stack(&cursor, stack, found, &n_found), 0);
	assert_int_equal(n_found, 4);
	assert_memory_equal(found, frames, sizeof(frames));
	assert_int_equal(history_cursor_get_stack(&cursor, empty, found, &n_found), 0);
	assert_int_equal(n_found, 0);
	history_cursor_fini(&cursor);
	database_close(database);
}

static void stacks_of_one_hash_are_told_apart(void **state)
{
	static const uint32_t frames[] = { 5, 1 };
	struct database *database = history_world_new();
	uint32_t stack, other, again;

	(void)state;
	assert_int_equal(history_stack_put(database, frames, 1, &stack), 0);
	assert_int_equal(history_stack_put(database, frames, 2, &other), 0);
	assert_int_equal(
		database_run(database, "UPDATE stack SET hash = (SELECT max(hash) FROM stack)"), 0);
	assert_int_equal(history_stack_put(database, frames, 1, &again), 0);
	assert_true(again == stack || again > other);
	assert_int_equal(history_stack_put(database, frames, 2, &again), 0);
	assert_true(again == other || again > other);
	database_close(database);
}

static void a_label_set_comes_back(void **state)
{
	static const struct history_label labels[] = { { 1, 2 }, { 3, 0 } };
	struct database *database = history_world_new();
	struct history_label *found;
	uint32_t label_set, again;
	size_t n_found;

	(void)state;
	assert_int_equal(history_label_set_put(database, labels, 2, &label_set), 0);
	assert_int_equal(history_label_set_put(database, labels, 2, &again), 0);
	assert_int_equal(again, label_set);
	assert_int_equal(history_label_set_get(database, label_set, &found, &n_found), 0);
	assert_int_equal(n_found, 2);
	assert_memory_equal(found, labels, sizeof(labels));
	free(found);
	database_close(database);
}

static void threads_and_frames_come_back(void **state)
{
	struct history_thread thread = { .label_set = 3, .tid = 42, .name = 7 }, other_thread;
	struct history_frame frame = { .kind = FRAME_KERNEL, .place = UINT64_MAX - 5, .name = 9 };
	struct history_frame other_frame;
	struct database *database = history_world_new();
	struct history_cursor cursor = { .database = database };
	uint32_t number, again;

	(void)state;
	assert_int_equal(history_thread_put(database, &thread, &number), 0);
	assert_int_equal(history_thread_put(database, &thread, &again), 0);
	assert_int_equal(again, number);
	assert_int_equal(history_thread_get(database, number, &other_thread), 0);
	assert_memory_equal(&other_thread, &thread, sizeof(thread));
	assert_int_equal(history_frame_put(database, &frame, &number), 0);
	assert_int_equal(history_frame_put(database, &frame, &again), 0);
	assert_int_equal(again, number);
	assert_int_equal(history_cursor_get_frame(&cursor, number, &other_frame), 0);
	assert_int_equal(other_frame.kind, FRAME_KERNEL);
	assert_true(other_frame.place == UINT64_MAX - 5);
	assert_int_equal(other_frame.name, 9);
	history_cursor_fini(&cursor);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_one_number),
		cmocka_unit_test(a_stack_has_one_number),
		cmocka_unit_test(stacks_of_one_hash_are_told_apart),
		cmocka_unit_test(a_label_set_comes_back),
		cmocka_unit_test(threads_and_frames_come_back),
	};

	return cmocka_run_group_tests_name("history_dictionary", tests, NULL, NULL);
}
