/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/dictionary.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/label.h"
#include "profiler/store.h"

DEFINE_CLEANUP(struct dictionary *, dictionary_free)

static const struct label api_labels[] = { { "comm", "api" }, { "exe", "/usr/bin/api" } };
static const struct label new_labels[] = { { "comm", "new" }, { "exe", "/usr/bin/api" } };

static const char *comm_of(const struct process_text *process)
{
	return label_find(process->labels, process->n_labels, LABEL_COMM);
}

static struct dictionary *new_dictionary(void)
{
	const struct store_process process = { 7, 4711, api_labels, ARRAY_SIZE(api_labels) };
	struct dictionary *dictionary;

	assert_int_equal(dictionary_new(1, &dictionary), 0);
	assert_int_equal(dictionary_add_process(dictionary, &process, 0), 0);
	assert_int_equal(dictionary_add_file(dictionary, 3), 0);
	return dictionary;
}

static void finds_threads_by_number_and_reads_them_by_index(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	const struct thread_text *thread;
	uint32_t index;

	(void)state;
	assert_int_equal(dictionary_add_thread(dictionary, 9, 8, 1, "x"), -EINVAL);
	assert_int_equal(dictionary_add_thread(dictionary, 9, 7, 4712, "worker"), 0);
	assert_false(dictionary_find_thread(dictionary, 7, &index));
	assert_true(dictionary_find_thread(dictionary, 9, &index));
	thread = dictionary_thread(dictionary, index);
	assert_int_equal(thread->tid, 4712);
	assert_string_equal(thread->name, "worker");
	assert_string_equal(comm_of(dictionary_process(dictionary, thread->process)), "api");
}

static void replaces_a_text_but_keeps_the_old_one_for_who_reads_it(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	const struct store_process renamed = { 7, 4711, new_labels, ARRAY_SIZE(new_labels) };
	const struct process_text *before = dictionary_process(dictionary, 0);
	size_t bytes;

	(void)state;
	assert_int_equal(dictionary_add_process(dictionary, &renamed, 0), 0);
	assert_string_equal(comm_of(before), "api");
	assert_string_equal(comm_of(dictionary_process(dictionary, 0)), "new");
	assert_int_equal(dictionary->processes.count, 1);

	bytes = dictionary_bytes(dictionary);
	for (int i = 0; i < 10000; i++) /* what is not new takes no memory */
		assert_int_equal(dictionary_add_process(dictionary, &renamed, 0), 0);
	assert_int_equal(dictionary_bytes(dictionary), bytes);
}

static void keeps_the_labels_of_many_processes_once(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	struct store_process process = { 0, 0, api_labels, ARRAY_SIZE(api_labels) };
	const struct process_text *first = dictionary_process(dictionary, 0);

	(void)state;
	for (uint32_t i = 1; i < 1000; i++) {
		process.process = 7 + i;
		process.pid = i;
		assert_int_equal(dictionary_add_process(dictionary, &process, 0), 0);
		assert_int_equal(dictionary_process(dictionary, i)->pid, i);
		assert_ptr_equal(dictionary_process(dictionary, i)->labels, first->labels);
	}
	process.labels = new_labels;
	assert_int_equal(dictionary_add_process(dictionary, &process, 0), 0);
	assert_string_equal(comm_of(dictionary_process(dictionary, 999)), "new");
	assert_string_equal(comm_of(dictionary_process(dictionary, 998)), "api");
}

static void keeps_each_frame_once(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	struct frame frames[] = { { FRAME_NATIVE, 3, 0x10 },
				  { FRAME_KERNEL, 99, 0x10 }, /* 99 means nothing there */
				  { FRAME_NATIVE, 3, 0x10 },
				  { FRAME_NATIVE, 3, FILE_SPAN_BYTES } };
	const struct stack_frames *stack;
	uint32_t index;

	(void)state;
	assert_int_equal(dictionary_add_stack(dictionary, 5, frames, ARRAY_SIZE(frames)), 0);
	assert_int_equal(dictionary_add_stack(dictionary, 6, &frames[2], 1), 0);
	assert_int_equal(dictionary->frames.count, 3);
	assert_true(dictionary_find_stack(dictionary, 5, &index));
	stack = dictionary_stack(dictionary, index);
	assert_int_equal(stack->n_frames, 4);
	assert_int_equal(stack->frames[0], stack->frames[2]);
	assert_int_equal(dictionary_frame(dictionary, stack->frames[1])->file, 0);
	assert_int_equal(dictionary_frame(dictionary, stack->frames[3])->kind, FRAME_UNMAPPED);
}

static void leaves_a_stack_as_it_is(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	struct frame frames[] = { { FRAME_NATIVE, 3, 0x10 }, { FRAME_NATIVE, 3, 0x20 } };

	(void)state;
	assert_int_equal(dictionary_add_stack(dictionary, 5, frames, 2), 0);
	assert_int_equal(dictionary_add_stack(dictionary, 5, frames, 1), 0);
	assert_int_equal(dictionary_stack(dictionary, 0)->n_frames, 2);
	assert_int_equal(dictionary->stacks.count, 1);
}

static void refuses_frames_that_mean_nothing(void **state)
{
	_cleanup_(dictionary_freep) struct dictionary *dictionary = new_dictionary();
	struct frame no_kind = { FRAME_KIND_COUNT, 0, 0 }, no_file = { FRAME_NATIVE, 4, 0 };
	uint32_t index;

	(void)state;
	assert_int_equal(dictionary_add_stack(dictionary, 5, &no_kind, 1), -EINVAL);
	assert_int_equal(dictionary_add_stack(dictionary, 5, &no_file, 1), -EINVAL);
	assert_false(dictionary_find_stack(dictionary, 5, &index));
	assert_int_equal(dictionary_add_stack(dictionary, 5, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_threads_by_number_and_reads_them_by_index),
		cmocka_unit_test(replaces_a_text_but_keeps_the_old_one_for_who_reads_it),
		cmocka_unit_test(keeps_the_labels_of_many_processes_once),
		cmocka_unit_test(keeps_each_frame_once),
		cmocka_unit_test(leaves_a_stack_as_it_is),
		cmocka_unit_test(refuses_frames_that_mean_nothing),
	};

	return cmocka_run_group_tests_name("dictionary", tests, NULL, NULL);
}
