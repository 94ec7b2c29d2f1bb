/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon is killed in the middle of whatever it does to its history, again and again, in the same
 * folder. It tells by a pipe which windows it has written; another store, which is never killed,
 * has what these must say.
 */
#include "profiler/history.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/database.h"
#include "profiler/history_windows.h"
#include "profiler/store.h"
#include "tests/unit/profiler/life.h"

#define N_KILLS        200
#define SPAN_S         HISTORY_FIRST_SPAN_S
#define RETENTION_S    3600
#define MAX_WINDOWS    8    /* that are waited for, before a kill … */
#define MAX_WAIT_US    3000 /* … and how long after them */
#define BETWEEN_S      60   /* lives: so that hours pass, and all that time does is done */
#define FIRST_STACK    100
#define OPEN_WINDOWS_S 1000

/* What has been, and what must be there. */
struct trial {
	struct life *life;
	struct store *expected;
	int64_t next_s;
	uint64_t random;
	uint32_t n_open; /* windows that were written, but not told any more */
};

/* xorshift64: the same numbers each time; what they meet is chance enough. */
static uint64_t next_random(struct trial *trial, uint64_t bound)
{
	trial->random ^= trial->random << 13;
	trial->random ^= trial->random >> 7;
	trial->random ^= trial->random << 17;
	return trial->random % bound;
}

/* The samples of a window follow from its start: half of them in a stack that no other has. */
static void add_window(struct store *store, int64_t start_s)
{
	uint32_t number = FIRST_STACK + (uint32_t)((start_s - LIFE_START_S) / SPAN_S);
	const struct frame frames[] = { { FRAME_NATIVE, FIXTURE_FILE, 0x1100 + 16 * number },
					{ FRAME_NATIVE, FIXTURE_FILE, 0x1200 } };

	assert_int_equal(store_add_stack(store, number, frames, ARRAY_SIZE(frames)), 0);
	for (uint32_t i = 0; i < 20 + number % 30; i++) {
		const struct sample sample = {
			.time_unix_ns = (start_s + i % SPAN_S) * NS_PER_SECOND + i * NS_PER_MS,
			.value = FIXTURE_TICK_NS + i % 3,
			.weight = 1 + i % 2,
			.thread = FIXTURE_THREAD,
			.stack = i % 2 ? FIXTURE_STACK : number,
		};

		assert_int_equal(store_add_samples(store, &sample, 1), 1);
	}
}

/* In the child: until it is killed. Now and then it ends as it should, and begins again. */
static void live(struct life *life, int64_t start_s, int told_fd)
{
	life_begin(life);
	for (int64_t s = start_s;; s += SPAN_S) {
		add_window(life->store, s);
		life_tick(life, s + SPAN_S, s + SPAN_S + 3);
		if (write(told_fd, &s, sizeof(s)) != sizeof(s))
			_exit(1);
		if (s / SPAN_S % 3 == 0) {
			life_end(life);
			life_begin(life);
		}
	}
}

/* Let a daemon live from @trial->next_s on, and kill it. Returns the last window that it told of,
 * or the one before the first. */
static int64_t live_and_die(struct trial *trial)
{
	int64_t told_s = trial->next_s - SPAN_S;
	uint64_t n_windows = next_random(trial, MAX_WINDOWS);
	int fds[2], status;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		live(trial->life, trial->next_s, fds[1]);
	}
	close(fds[1]);
	for (uint64_t i = 0; i < n_windows; i++)
		assert_int_equal(read(fds[0], &told_s, sizeof(told_s)), sizeof(told_s));
	usleep((useconds_t)next_random(trial, MAX_WAIT_US));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(fds[0], &told_s, sizeof(told_s)) == sizeof(told_s))
		;
	close(fds[0]);
	return told_s;
}

static void assert_same(struct trial *trial, int64_t start_s, int64_t end_s)
{
	char *expected = life_read(trial->expected, start_s, end_s);

	assert_life_reads(trial->life->store, start_s, end_s, expected);
	free(expected);
}

/* The window that was open is there, or it is not. */
static void look_at_open_window(struct trial *trial, int64_t start_s)
{
	char *found = life_read(trial->life->store, start_s, start_s + SPAN_S);

	if (*found) {
		add_window(trial->expected, start_s);
		trial->n_open++;
	}
	assert_same(trial, start_s, start_s + OPEN_WINDOWS_S);
	free(found);
}

static void check(struct trial *trial, int64_t told_s)
{
	int64_t end_s = told_s + SPAN_S;

	for (int64_t s = trial->next_s; s < end_s; s += SPAN_S)
		add_window(trial->expected, s);
	life_begin(trial->life);
	look_at_open_window(trial, end_s);
	for (int64_t s = trial->next_s; s < end_s; s += SPAN_S)
		assert_same(trial, s, s + SPAN_S);
	/* The last tick, of which nobody has heard, may have forgotten what was too old then. */
	assert_same(trial, end_s + 2LL * SPAN_S - RETENTION_S, end_s + SPAN_S);
	life_end(trial->life);
	trial->next_s = end_s + BETWEEN_S;
}

static void assert_whole(struct trial *trial)
{
	struct database *database;
	char path[128];
	int64_t number;

	snprintf(path, sizeof(path), "%s/history.sqlite", trial->life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	assert_int_equal(database_get_number(database,
					     "SELECT count(*) = 1 AND max(integrity_check) = 'ok'"
					     " FROM pragma_integrity_check",
					     &number),
			 0);
	assert_int_equal(number, 1);
	database_close(database);
}

static void what_was_written_survives_two_hundred_kills(void **state)
{
	struct trial trial = { .life = *state,
			       .next_s = LIFE_START_S,
			       .random = 88172645463325252 };
	struct history_status status;

	life_end(trial.life);
	trial.life->retention_age_s = RETENTION_S;
	trial.expected = life_store_new();
	for (int i = 0; i < N_KILLS; i++)
		check(&trial, live_and_die(&trial));
	assert_whole(&trial);
	/* Hours have passed, so all that can be in the middle of something has been, more or less.
	 */
	assert_true(trial.next_s > LIFE_START_S + 3LL * RETENTION_S);
	life_begin(trial.life);
	life_tick(trial.life, INT64_MAX, trial.next_s);
	status = life_status(trial.life);
	assert_int_equal(status.damaged, 0);
	assert_true(status.oldest_unix_s > LIFE_START_S);
	store_free(trial.expected);
	print_message("%u windows were written, and not told any more\n", trial.n_open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_survives_two_hundred_kills,
						life_set_up, life_tear_down),
	};

	return cmocka_run_group_tests_name("history_kills", tests, NULL, NULL);
}
