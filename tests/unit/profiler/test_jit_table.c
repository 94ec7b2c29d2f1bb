/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/jit_table.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const struct process_key process = { .start_time_ns = 5, .pid = 7, .exec_id = 1 };

static int set_up(void **state)
{
	return jit_table_new(2, (struct jit_table **)state);
}

static int tear_down(void **state)
{
	jit_table_free(*state);
	return 0;
}

static void numbers_begin_behind_those_of_binaries(void **state)
{
	struct jit_table *table = *state;
	struct jit *first, *second;

	assert_int_equal(jit_table_add(table, &process, &first), 0);
	assert_int_equal(jit_table_add(table, &process, &second), 0);
	assert_int_equal(first->number, JIT_FIRST_NUMBER);
	assert_int_equal(second->number, JIT_FIRST_NUMBER + 1);
	assert_ptr_equal(jit_table_find(table, second->number), second);
	assert_null(jit_table_find(table, 0));
	assert_int_equal(first->process.pid, process.pid);
}

static void has_a_bound(void **state)
{
	struct jit_table *table = *state;
	struct jit *jit;

	assert_int_equal(jit_table_add(table, &process, &jit), 0);
	assert_int_equal(jit_table_add(table, &process, &jit), 0);
	assert_int_equal(jit_table_add(table, &process, &jit), -ENOSPC);
	assert_int_equal(jit_table_count(table), 2);
}

static void forgets_what_is_unused_unless_it_is_being_read(void **state)
{
	struct jit_table *table = *state;
	struct jit *idle, *read;
	uint32_t number;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(jit_table_add(table, &process, &idle), 0);
	assert_int_equal(jit_table_add(table, &process, &read), 0);
	idle->sources[JIT_PERF_MAP].fd = fd;
	idle->last_used = read->last_used = 3;
	read->is_ordered = true;
	jit_table_forget_unused(table, 3);
	assert_int_equal(jit_table_count(table), 2);
	number = idle->number;
	jit_table_forget_unused(table, 4);
	assert_null(jit_table_find(table, number));
	assert_int_equal(jit_table_count(table), 1);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was closed */
	assert_int_equal(jit_table_add(table, &process, &idle), 0);
	assert_int_equal(idle->number, JIT_FIRST_NUMBER + 2);
}

static void forgets_those_that_have_ended_unless_they_are_being_read(void **state)
{
	struct jit_table *table = *state;
	struct jit *ended, *read;

	assert_int_equal(jit_table_add(table, &process, &ended), 0);
	assert_int_equal(jit_table_add(table, &process, &read), 0);
	read->is_ended = read->is_ordered = true;
	jit_table_forget_ended(table);
	assert_int_equal(jit_table_count(table), 2);
	ended->is_ended = true;
	jit_table_forget_ended(table);
	assert_int_equal(jit_table_count(table), 1);
	assert_non_null(jit_table_find(table, JIT_FIRST_NUMBER + 1));
}

static void count_hit(void *context, struct jit *jit)
{
	*(unsigned int *)context += jit->is_hit;
}

static void visits_each(void **state)
{
	struct jit_table *table = *state;
	unsigned int n_hit = 0;
	struct jit *jit;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(jit_table_add(table, &process, &jit), 0);
		jit->is_hit = true;
	}
	jit_table_each(table, count_hit, &n_hit);
	assert_int_equal(n_hit, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_begin_behind_those_of_binaries),
		TEST(has_a_bound),
		TEST(forgets_what_is_unused_unless_it_is_being_read),
		TEST(forgets_those_that_have_ended_unless_they_are_being_read),
		TEST(visits_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
