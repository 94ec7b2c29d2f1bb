/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profiler/base/clock.h"
#include "profiler/daemon/build_job.h"

#define SECOND NS_PER_SECOND

struct fixture {
	struct build_queue queue;
	struct build_job jobs[16];
	uint32_t n_jobs;
	int64_t now_ns;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	build_queue_init(&fixture->queue, 1);
	fixture->now_ns = clock_monotonic_ns();
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static struct build_job *add(struct fixture *fixture, uint32_t user, uint64_t n_bytes)
{
	struct build_job *job = &fixture->jobs[fixture->n_jobs];

	job->what.file = ++fixture->n_jobs;
	job->what.user = user;
	job->read_bytes = n_bytes;
	build_queue_add(&fixture->queue, job);
	return job;
}

static struct build_job *begin(struct fixture *fixture)
{
	return build_queue_begin(&fixture->queue, fixture->now_ns);
}

static void end(struct fixture *fixture, struct build_job *job, int64_t cpu_ns)
{
	fixture->now_ns += cpu_ns;
	build_queue_end(&fixture->queue, job, (uint64_t)cpu_ns);
}

static void runs_no_more_than_it_may(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *first = add(fixture, 0, 1), *second = add(fixture, 0, 1);

	assert_ptr_equal(begin(fixture), first);
	assert_null(begin(fixture));
	end(fixture, first, 1);
	assert_ptr_equal(begin(fixture), second);
	end(fixture, second, 1);
	assert_null(begin(fixture));
}

static void the_smallest_file_of_an_owner_is_first(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *large = add(fixture, 0, 1 << 20), *small = add(fixture, 0, 1 << 10);

	assert_ptr_equal(begin(fixture), small);
	end(fixture, small, 1);
	assert_ptr_equal(begin(fixture), large);
}

static void the_file_for_which_most_samples_wait_is_first(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *small = add(fixture, 0, 1 << 20), *awaited = add(fixture, 0, 8 << 20);
	struct build_job *large = add(fixture, 0, 1ULL << 30);

	small->n_hits = 10;
	awaited->n_hits = 100;
	large->n_hits = 1000; /* … but that takes too long */
	assert_ptr_equal(begin(fixture), awaited);
	end(fixture, awaited, 1);
	assert_ptr_equal(begin(fixture), small);
	end(fixture, small, 1);
	assert_ptr_equal(begin(fixture), large);
}

/* Or else who has many would go before root always. */
static void questions_count_as_those_of_the_owner_of_their_file(void **state)
{
	const struct message_code code = { .file = 7, .user = 1000, .device = 3, .n_bytes = 9 };
	struct fixture *fixture = *state;
	struct build_job job = { 0 }, other = { .what.user = 1000, .what.device = 3 };

	build_job_ask(&job, &code);
	assert_int_equal(job.step, BUILD_STEP_CODE);
	assert_int_equal(job.what.file, 7);
	assert_int_equal(job.read_bytes, 9);
	build_queue_add(&fixture->queue, &other);
	build_queue_add(&fixture->queue, &job);
	assert_ptr_equal(job.share.user, other.share.user);
	assert_ptr_equal(job.share.place, other.share.place);
}

static void what_is_urgent_goes_before_all_others(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *urgent;

	add(fixture, 0, 1);
	urgent = add(fixture, 0, 1 << 20);
	urgent->what.is_urgent = true;
	assert_ptr_equal(begin(fixture), urgent);
}

static void what_has_waited_for_a_minute_goes_before_what_is_smaller(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *old = add(fixture, 0, 1 << 20);

	add(fixture, 0, 1);
	fixture->now_ns += 61 * SECOND;
	assert_ptr_equal(begin(fixture), old);
}

static void files_of_one_user_do_not_hold_up_those_of_another(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *first, *of_other;

	for (int i = 0; i < 8; i++)
		add(fixture, 1000, 1);
	first = begin(fixture);
	of_other = add(fixture, 1001, 1 << 20);
	end(fixture, first, 10 * SECOND);
	assert_ptr_equal(begin(fixture), of_other);
}

static void nor_do_those_that_have_waited_for_long(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *first, *of_other;

	for (int i = 0; i < 8; i++)
		add(fixture, 1000, 1);
	first = begin(fixture);
	end(fixture, first, 61 * SECOND);
	of_other = add(fixture, 1001, 1 << 20);
	assert_ptr_equal(begin(fixture), of_other);
}

static void what_comes_while_it_is_read_is_not_given_back(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *job = add(fixture, 0, 1 << 20);
	const struct build_owner *user = job->share.user;

	assert_ptr_equal(begin(fixture), job);
	job->read_bytes += 1 << 30; /* its debug file */
	end(fixture, job, 3 * SECOND);
	assert_int_equal(user->spent_ns, 3 * SECOND);
}

static void no_file_counts_as_more_than_it_may_take(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *job = add(fixture, 0, UINT64_MAX / 2);

	job->step = BUILD_STEP_LINES;
	assert_ptr_equal(begin(fixture), job);
	assert_int_equal(job->share.user->spent_ns, 120 * SECOND);
}

static void beside_what_takes_long_one_that_is_small_runs(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *slow = add(fixture, 0, 1ULL << 30), *small;

	assert_ptr_equal(begin(fixture), slow);
	add(fixture, 0, 1ULL << 30);
	small = add(fixture, 0, 1 << 20);
	add(fixture, 0, 1 << 20);
	assert_ptr_equal(begin(fixture), small);
	assert_null(begin(fixture));
	fixture->now_ns += 6 * SECOND;
	assert_null(begin(fixture));
}

static void what_is_small_takes_long_after_some_seconds(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *slow = add(fixture, 0, 1), *other;

	assert_ptr_equal(begin(fixture), slow);
	other = add(fixture, 0, 1);
	assert_null(begin(fixture));
	fixture->now_ns += 6 * SECOND;
	assert_ptr_equal(begin(fixture), other);
}

static void beside_what_takes_long_one_of_another_user_runs(void **state)
{
	struct fixture *fixture = *state;
	struct build_job *slow, *small, *of_other;

	slow = add(fixture, 1000, 1ULL << 30);
	assert_ptr_equal(begin(fixture), slow);
	small = add(fixture, 1000, 1);
	add(fixture, 1000, 1);
	assert_ptr_equal(begin(fixture), small);
	fixture->now_ns += 6 * SECOND;
	assert_null(begin(fixture));
	of_other = add(fixture, 1001, 1ULL << 30);
	assert_ptr_equal(begin(fixture), of_other);
	fixture->now_ns += 6 * SECOND;
	add(fixture, 1002, 1);
	assert_null(begin(fixture));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_no_more_than_it_may, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_smallest_file_of_an_owner_is_first, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_file_for_which_most_samples_wait_is_first,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(questions_count_as_those_of_the_owner_of_their_file,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_urgent_goes_before_all_others, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			what_has_waited_for_a_minute_goes_before_what_is_smaller, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(files_of_one_user_do_not_hold_up_those_of_another,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nor_do_those_that_have_waited_for_long, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_comes_while_it_is_read_is_not_given_back,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_file_counts_as_more_than_it_may_take, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(beside_what_takes_long_one_that_is_small_runs,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_small_takes_long_after_some_seconds, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(beside_what_takes_long_one_of_another_user_runs,
						set_up, tear_down),
	};

	return cmocka_run_group_tests_name("build queue", tests, NULL, NULL);
}
