/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/process_table.h"

#include <errno.h>

#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct process_table *, process_table_free)

static const struct process_table_limits limits = { .max_processes = 3, .max_threads = 4 };

static void tells_a_program_from_the_one_that_it_was_before_exec(void **state)
{
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const struct process_key before = { 1000, 42, 1 }, after = { 1000, 42, 2 };
	struct process *first, *second;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	assert_int_equal(process_table_add(table, &before, &first), 0);
	assert_null(process_table_find(table, &after));
	assert_int_equal(process_table_add(table, &after, &second), 0);
	assert_int_not_equal(first->number, second->number);
	assert_ptr_equal(process_table_find(table, &before), first);
}

static void makes_a_thread_that_renames_itself_another_thread(void **state)
{
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const struct process_key key = { 1000, 42, 1 };
	const char name[WIRE_COMM_BYTES] = "io", other[WIRE_COMM_BYTES] = "cpu";
	char dirty[WIRE_COMM_BYTES] = "io\0garbage";
	struct thread *first, *same, *second;
	struct process *process;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	assert_int_equal(process_table_add(table, &key, &process), 0);
	assert_int_equal(process_table_get_thread(table, process, 43, name, &first), 0);
	assert_int_equal(process_table_get_thread(table, process, 43, dirty, &same), 0);
	assert_ptr_equal(first, same);
	assert_int_equal(process_table_get_thread(table, process, 43, other, &second), 0);
	assert_int_not_equal(first->number, second->number);
	assert_string_equal(second->name, "cpu");
}

static void takes_no_more_than_its_bounds(void **state)
{
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const char name[WIRE_COMM_BYTES] = "t";
	struct process_key key = { 1000, 0, 1 };
	struct process *process;
	struct thread *thread;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	for (key.pid = 0; key.pid < limits.max_processes; key.pid++)
		assert_int_equal(process_table_add(table, &key, &process), 0);
	assert_int_equal(process_table_add(table, &key, &process), -ENOSPC);
	for (uint32_t tid = 0; tid < limits.max_threads; tid++)
		assert_int_equal(process_table_get_thread(table, process, tid, name, &thread), 0);
	assert_int_equal(process_table_get_thread(table, process, 99, name, &thread), -ENOSPC);
}

static void forgets_processes_and_threads_that_no_recent_dictionary_used(void **state)
{
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const struct process_key old = { 1, 1, 0 }, young = { 2, 2, 0 };
	const char name[WIRE_COMM_BYTES] = "t";
	struct process *process;
	struct thread *thread;
	uint32_t number;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	assert_int_equal(process_table_add(table, &old, &process), 0);
	process->last_used = 1;
	assert_int_equal(process_table_add(table, &young, &process), 0);
	process->last_used = 2;
	assert_int_equal(process_table_get_thread(table, process, 2, name, &thread), 0);
	number = thread->number;
	thread->last_used = 1;
	process_table_forget_unused(table, 2);
	assert_null(process_table_find(table, &old));
	assert_ptr_equal(process_table_find(table, &young), process);
	assert_int_equal(process_table_get_thread(table, process, 2, name, &thread), 0);
	assert_int_not_equal(thread->number, number);
}

static void keeps_a_process_whose_samples_wait(void **state)
{
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const struct process_key key = { 1, 1, 0 };
	struct process *process;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	assert_int_equal(process_table_add(table, &key, &process), 0);
	process->n_pending = 1;
	process_table_forget_unused(table, 2);
	assert_ptr_equal(process_table_find(table, &key), process);
	process->n_pending = 0;
	process_table_forget_unused(table, 2);
	assert_null(process_table_find(table, &key));
}

static void asks_anew_for_binaries_when_the_mappings_are_new(void **state)
{
	static const char text[] = "1000-2000 r-xp 00000000 fe:01 7 /bin/sh\n";
	_cleanup_(process_table_freep) struct process_table *table = NULL;
	const struct process_key key = { 1, 1, 0 };
	struct mapping_table *mappings;
	struct process *process;

	(void)state;
	assert_int_equal(process_table_new(&limits, &table), 0);
	assert_int_equal(process_table_add(table, &key, &process), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			mapping_table_parse(text, strlen(text), MAPPINGS_EXECUTABLE, &mappings), 0);
		assert_int_equal(process_set_mappings(process, mappings), 0);
		assert_int_equal(process->mapping_binaries[0], 0);
		process->mapping_binaries[0] = 5;
	}
	assert_int_equal(process_set_mappings(process, NULL), 0);
	assert_null(process->mappings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_program_from_the_one_that_it_was_before_exec),
		cmocka_unit_test(makes_a_thread_that_renames_itself_another_thread),
		cmocka_unit_test(takes_no_more_than_its_bounds),
		cmocka_unit_test(forgets_processes_and_threads_that_no_recent_dictionary_used),
		cmocka_unit_test(keeps_a_process_whose_samples_wait),
		cmocka_unit_test(asks_anew_for_binaries_when_the_mappings_are_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
