/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/openings.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/clock.h"

enum { MAX_HANGING = 8 };

/* Opens a null device when a byte comes out of a pipe, as if that were a server's answer. */
struct slow_opening {
	struct opening opening;
	int pipe_fd;     /* −1: at once */
	int *n_freed_fd; /* of a pipe that takes a byte when it is freed, or NULL */
	int end_fd;      /* of one that gives a byte before that is over; or −1 */
};

static int open_slowly(struct opening *opening)
{
	const struct slow_opening *slow = (const struct slow_opening *)opening;
	char byte;

	if (slow->pipe_fd >= 0 && read(slow->pipe_fd, &byte, 1) != 1)
		return -EIO;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void free_slow(struct opening *opening)
{
	struct slow_opening *slow = (struct slow_opening *)opening;
	char byte;

	if (slow->n_freed_fd)
		assert_int_equal(write(*slow->n_freed_fd, "f", 1), 1);
	if (slow->end_fd >= 0)
		assert_int_equal(read(slow->end_fd, &byte, 1), 1);
	free(slow);
}

/* Two places are one user's: 2 and 3, 4 and 5 … */
static struct opening *make(uint64_t place, int pipe_fd, int *n_freed_fd)
{
	struct slow_opening *slow = malloc(sizeof(*slow));

	assert_non_null(slow);
	*slow = (struct slow_opening){
		{ open_slowly, free_slow, place, (uint32_t)place / 2 }, pipe_fd, n_freed_fd, -1
	};
	return &slow->opening;
}

/* Runs one that waits for that pipe, and frees it if it has ended. */
static int run(struct openings *openings, uint64_t place, int pipe_fd, int *n_freed_fd)
{
	struct opening *opening = make(place, pipe_fd, n_freed_fd);
	int r = openings_run(openings, &opening);

	assert_int_equal(opening == NULL, r == -ETIMEDOUT);
	if (opening)
		opening->free(opening);
	return r;
}

/* On a host that is busy, threads may be late themselves. */
static int run_until_there(struct openings *openings, uint64_t place)
{
	int r;

	do
		r = run(openings, place, -1, NULL);
	while (r == -EBUSY || r == -ETIMEDOUT);
	return r;
}

static struct openings_status status_of(const struct openings *openings)
{
	struct openings_status status;

	openings_get_status(openings, &status);
	return status;
}

static void what_is_there_is_opened(void **state)
{
	struct openings *openings;

	(void)state;
	assert_int_equal(openings_new(&openings), 0);
	for (int i = 0; i < 100; i++) {
		int fd = run_until_there(openings, 1);

		assert_true(fd >= 0);
		close(fd);
	}
	openings_free(openings);
}

static void without_threads_it_is_done_at_once(void **state)
{
	int fd = run(NULL, 1, -1, NULL);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
}

static void nobody_waits_for_what_hangs(void **state)
{
	int64_t start_ns = clock_monotonic_ns();
	int answers[2], freed[2], fd;
	struct openings *openings;
	char byte;

	(void)state;
	assert_int_equal(pipe(answers), 0);
	assert_int_equal(pipe(freed), 0);
	assert_int_equal(openings_new(&openings), 0);
	assert_int_equal(run(openings, 1, answers[0], &freed[1]), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - start_ns < 30 * NS_PER_SECOND);
	assert_int_equal(run(openings, 1, -1, NULL), -EBUSY);
	assert_int_equal(status_of(openings).late, 1);
	assert_int_equal(status_of(openings).refused, 1);
	fd = run_until_there(openings, 2);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(write(answers[1], "a", 1), 1); /* it is back */
	assert_int_equal(read(freed[0], &byte, 1), 1);
	fd = run_until_there(openings, 1);
	assert_true(fd >= 0);
	close(fd);
	openings_free(openings);
	for (int i = 0; i < 2; i++) {
		close(answers[i]);
		close(freed[i]);
	}
}

static void no_more_hang_than_there_may_be(void **state)
{
	int answers[2], freed[2], fd;
	struct openings *openings;
	char byte;

	(void)state;
	assert_int_equal(pipe(answers), 0);
	assert_int_equal(pipe(freed), 0);
	assert_int_equal(openings_new(&openings), 0);
	for (uint64_t place = 0; place < MAX_HANGING; place++)
		assert_int_equal(run(openings, place, answers[0], &freed[1]), -ETIMEDOUT);
	assert_int_equal(run(openings, MAX_HANGING, -1, NULL), -EBUSY);
	for (int i = 0; i < MAX_HANGING; i++)
		assert_int_equal(write(answers[1], "a", 1), 1);
	for (int i = 0; i < MAX_HANGING; i++)
		assert_int_equal(read(freed[0], &byte, 1), 1);
	close(answers[1]);
	fd = run_until_there(openings, 1);
	assert_true(fd >= 0);
	close(fd);
	openings_free(openings);
	close(answers[0]);
	close(freed[0]);
	close(freed[1]);
}

static void who_has_many_places_leaves_threads_to_others(void **state)
{
	struct opening *opening;
	struct openings *openings;
	int answers[2], fd;

	(void)state;
	assert_int_equal(pipe(answers), 0);
	assert_int_equal(openings_new(&openings), 0);
	for (uint64_t place = 2; place < 4; place++)
		assert_int_equal(run(openings, place, answers[0], NULL), -ETIMEDOUT);
	opening = make(100, -1, NULL); /* a third of his */
	opening->user = 1;
	assert_int_equal(openings_run(openings, &opening), -EBUSY);
	opening->free(opening);
	fd = run_until_there(openings, 4);
	assert_true(fd >= 0);
	close(fd);
	close(answers[1]); /* they are back */
	for (uint64_t place = 2; place < 4; place++)
		close(run_until_there(openings, place));
	openings_free(openings);
	close(answers[0]);
}

static void nobody_waits_for_what_hangs_at_its_end(void **state)
{
	int answers[2], freed[2], ends[2], fd;
	struct opening *opening;
	struct openings *openings;
	char byte;

	(void)state;
	assert_int_equal(pipe(answers), 0);
	assert_int_equal(pipe(freed), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(openings_new(&openings), 0);
	opening = make(1, answers[0], &freed[1]);
	((struct slow_opening *)opening)->end_fd = ends[0];
	assert_int_equal(openings_run(openings, &opening), -ETIMEDOUT);
	assert_int_equal(write(answers[1], "a", 1), 1);
	assert_int_equal(read(freed[0], &byte, 1), 1);
	fd = run_until_there(openings, 2); /* while it still hangs */
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(write(ends[1], "e", 1), 1);
	fd = run_until_there(openings, 1);
	assert_true(fd >= 0);
	close(fd);
	openings_free(openings);
	for (int i = 0; i < 2; i++) {
		close(answers[i]);
		close(freed[i]);
		close(ends[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_opened),
		cmocka_unit_test(without_threads_it_is_done_at_once),
		cmocka_unit_test(nobody_waits_for_what_hangs),
		cmocka_unit_test(nobody_waits_for_what_hangs_at_its_end),
		cmocka_unit_test(who_has_many_places_leaves_threads_to_others),
		cmocka_unit_test(no_more_hang_than_there_may_be),
	};

	return cmocka_run_group_tests_name("openings", tests, NULL, NULL);
}
