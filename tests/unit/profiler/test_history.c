/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/database.h"
#include "profiler/past_files.h"
#include "profiler/store.h"
#include "tests/unit/profiler/life.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"

#define HOUR_S         3600
#define DAY_S          (24LL * HOUR_S)
#define BELIEVED_TICKS 60 /* history_retention.h */
#define JIT            7  /* numbers of the file and stack of code made at run time */

static const char *const *version_paths; /* history_v1.sql, and what makes the next of it */

static void what_was_written_reads_as_it_did_in_the_store_and_after_a_restart(void **state)
{
	struct life *life = *state;
	char *before;

	life_add_samples(life, LIFE_START_S, 1000);
	before = life_read(life->store, LIFE_START_S, LIFE_START_S + 30);
	assert_non_null(strstr(before, "comm=api,exe=/usr/bin/api,pid=4711,"));
	assert_non_null(strstr(before, "api+0x401100 in /usr/bin/api"));
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	assert_int_equal(life_status(life).written, 1000);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 30, before);
	life_end(life);
	life_begin(life);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 30, before);
	free(before);
}

/* Before anything is written. */
static void how_far_it_reaches_back_is_known_from_the_start(void **state)
{
	struct life *life = *state;

	assert_int_equal(life_status(life).oldest_unix_s, 0);
	life_add_samples(life, LIFE_START_S, 1);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	life_end(life);
	life_begin(life);
	assert_int_equal(life_status(life).oldest_unix_s, LIFE_START_S);
	assert_in_range(life_status(life).newest_unix_s, LIFE_START_S, INT64_MAX);
	assert_true(life_status(life).bytes > 0);
}

static void each_sample_is_there_once_while_only_some_are_written(void **state)
{
	struct life *life = *state;
	char *before;

	life_add_samples(life, LIFE_START_S, 1000);
	before = life_read(life->store, LIFE_START_S, LIFE_START_S + 30);
	life_tick(life, LIFE_START_S + 10, LIFE_START_S + 12);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 30, before);
	life_tick(life, LIFE_START_S + 10, LIFE_START_S + 13);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 30, before);
	free(before);
}

static void samples_that_come_late_are_written_too(void **state)
{
	struct life *life = *state;
	char *before;

	life_add_samples(life, LIFE_START_S, 300);
	life_tick(life, LIFE_START_S + 10, LIFE_START_S + 12);
	life_add_samples(life, LIFE_START_S, 300);
	before = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	life_tick(life, LIFE_START_S + 20, LIFE_START_S + 22);
	assert_int_equal(life_status(life).written, 600);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 10, before);
	free(before);
}

static void rolling_up_changes_nothing_that_is_read(void **state)
{
	struct life *life = *state;
	char *whole, *part;

	for (int minute = 0; minute < 70; minute++) {
		life_add_samples(life, LIFE_START_S + minute * 60, 200);
		life_tick(life, LIFE_START_S + minute * 60 + 10, LIFE_START_S + 60);
	}
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	whole = life_read(life->store, LIFE_START_S, LIFE_START_S + 2LL * HOUR_S);
	part = life_read(life->store, LIFE_START_S + 601, LIFE_START_S + 1803);
	for (int i = 0; i < 20; i++)
		life_tick(life, INT64_MAX, LIFE_START_S + 10LL * HOUR_S);
	assert_true(life_status(life).roll_ups > 70);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 2LL * HOUR_S, whole);
	assert_life_reads(life->store, LIFE_START_S + 601, LIFE_START_S + 1803, part);
	free(whole);
	free(part);
}

/* Who asks the same again and again, meanwhile. */
struct asker {
	struct store *store;
	const char *expected;
	atomic_bool is_over;
	int n_answers, n_wrong;
};

static void *ask(void *context)
{
	struct asker *asker = context;

	while (!atomic_load(&asker->is_over)) {
		char *found = life_read(asker->store, LIFE_START_S, LIFE_START_S + HOUR_S);

		asker->n_wrong += strcmp(found, asker->expected) != 0;
		asker->n_answers++;
		free(found);
	}
	return NULL;
}

/* While windows are written, rolled up, and others forgotten and collected. */
static void check_queries_while_ticking(struct life *life)
{
	struct asker asker = { .store = life->store };
	pthread_t thread;
	char *expected;

	for (int64_t s = 0; s < HOUR_S; s += 60)
		life_add_samples(life, LIFE_START_S + s, 100);
	asker.expected = expected = life_read(life->store, LIFE_START_S, LIFE_START_S + HOUR_S);
	assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
	for (int64_t s = 0; s < HOUR_S; s += 60) {
		life_add_samples(life, LIFE_START_S - 2 * DAY_S + s, 10);
		life_tick(life, LIFE_START_S + s + 10, LIFE_START_S + s + 12);
	}
	atomic_store(&asker.is_over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(asker.n_answers > 0);
	assert_int_equal(asker.n_wrong, 0);
	assert_true(life_status(life).roll_ups > 0);
	assert_true(life_status(life).windows_expired > 0);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + HOUR_S, expected);
	free(expected);
}

static void queries_see_each_sample_once_whatever_a_tick_does(void **state)
{
	struct life *on_disk = *state, in_memory = { .folder = ":memory:" };

	life_end(on_disk);
	on_disk->retention_age_s = in_memory.retention_age_s = DAY_S;
	life_begin(on_disk);
	check_queries_while_ticking(on_disk);
	life_begin(&in_memory);
	check_queries_while_ticking(&in_memory);
	life_end(&in_memory);
}

static void what_is_too_old_leaves_and_the_rest_stays(void **state)
{
	struct life *life = *state;
	char *young;

	life_add_samples(life, LIFE_START_S, 100);
	life_add_samples(life, LIFE_START_S + 10LL * HOUR_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 10LL * HOUR_S);
	young = life_read(life->store, LIFE_START_S + 10LL * HOUR_S, LIFE_START_S + 11LL * HOUR_S);
	life_end(life);
	life_begin(life);
	/* So long a time is believed when it has lasted. */
	for (int i = 0; i < BELIEVED_TICKS; i++)
		life_tick(life, INT64_MAX, LIFE_START_S + 1005LL * HOUR_S);
	assert_true(life_status(life).windows_expired > 0);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + HOUR_S, "");
	assert_life_reads(life->store, LIFE_START_S + 10LL * HOUR_S, LIFE_START_S + 11LL * HOUR_S,
			  young);
	free(young);
}

/* Ten seconds of samples, written when they are over. */
static void live_for_a_window(struct life *life, int64_t start_s)
{
	life_add_samples(life, start_s, 100);
	store_expire(life->store, (start_s + 13) * NS_PER_SECOND);
	life_tick(life, start_s + 10, start_s + 13);
	store_expire(life->store, (start_s + 13) * NS_PER_SECOND);
}

/* The store's own windows go meanwhile, since they are far from what the clock says. */
static void a_clock_that_is_put_back_loses_nothing_and_tells_nothing_twice(void **state)
{
	struct life *life = *state;
	char *window;

	life_add_samples(life, LIFE_START_S, 100);
	window = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	for (int64_t s = 0; s < 2LL * HOUR_S; s += 20)
		live_for_a_window(life, LIFE_START_S + s);
	for (int64_t s = 0; s < HOUR_S; s += 20)
		live_for_a_window(life, LIFE_START_S + HOUR_S + 10 + s);
	for (int64_t s = 0; s < 3LL * HOUR_S; s += 10 * 60)
		life_tick(life, LIFE_START_S, LIFE_START_S + 2LL * HOUR_S + s);
	assert_int_equal(life_status(life).written, 100 * (1 + 2 * 180 + 180));
	for (int64_t s = HOUR_S; s < 2LL * HOUR_S; s += 10) {
		char *found = life_read(life->store, LIFE_START_S + s, LIFE_START_S + s + 10);

		assert_string_equal(found, window);
		free(found);
	}
	free(window);
}

/* What was stamped with that time stays there, too. */
static void a_clock_that_leaps_ahead_for_a_moment_forgets_nothing(void **state)
{
	static const int64_t leaps_s[] = { DAY_S, 3000LL * DAY_S };
	struct life *life = *state;
	char *before, *window;

	live_for_a_window(life, LIFE_START_S);
	live_for_a_window(life, LIFE_START_S + 10);
	before = life_read(life->store, LIFE_START_S, LIFE_START_S + 100);
	window = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	for (size_t i = 0; i < ARRAY_SIZE(leaps_s); i++) {
		life_add_samples(life, LIFE_START_S + leaps_s[i], 100);
		store_expire(life->store, (LIFE_START_S + leaps_s[i]) * NS_PER_SECOND);
		for (int k = 1; k < BELIEVED_TICKS; k++)
			life_tick(life, LIFE_START_S + leaps_s[i] + k,
				  LIFE_START_S + leaps_s[i] + k);
		/* It is right again, before anybody has written the last second. */
		life_add_samples(life, LIFE_START_S + leaps_s[i] + BELIEVED_TICKS, 100);
		store_expire(life->store, (LIFE_START_S + 30) * NS_PER_SECOND);
		life_tick(life, LIFE_START_S + 20, LIFE_START_S + 30);
		store_expire(life->store, (LIFE_START_S + 30) * NS_PER_SECOND);
		assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 100, before);
		assert_life_reads(life->store, LIFE_START_S + leaps_s[i],
				  LIFE_START_S + leaps_s[i] + 10, window);
		assert_life_reads(life->store, LIFE_START_S + leaps_s[i] + BELIEVED_TICKS,
				  LIFE_START_S + leaps_s[i] + 2 * BELIEVED_TICKS, window);
	}
	assert_int_equal(life_status(life).windows_expired, 0);
	free(before);
	free(window);
}

static char name_put_aside[64];

static void on_put_aside(const char *name)
{
	assert_string_equal(name_put_aside, ""); /* it is told once */
	snprintf(name_put_aside, sizeof(name_put_aside), "%s", name);
}

static void a_damaged_file_is_put_aside_and_another_begun(void **state)
{
	struct life *life = *state;
	char path[192];
	int fd;

	life_add_samples(life, LIFE_START_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "this is not a database, whatever it was before", 46), 46);
	close(fd);
	life->on_put_aside = on_put_aside;
	life_begin(life);
	assert_int_equal(life_status(life).errors[HISTORY_ERROR_DAMAGED], 1);
	snprintf(path, sizeof(path), "%s/%s", life->folder, name_put_aside);
	assert_int_equal(strncmp(name_put_aside, "history.sqlite.damaged-", 23), 0);
	assert_int_equal(access(path, F_OK), 0);
	life_add_samples(life, LIFE_START_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	assert_int_equal(life_status(life).written, 100);
}

static void run_file(struct database *database, const char *path)
{
	_cleanup_(buffer_fini) struct buffer sql = { 0 };

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &sql), 0);
	buffer_append_char(&sql, '\0');
	assert_int_equal(buffer_error(&sql), 0);
	assert_int_equal(database_run(database, sql.data), 0);
}

/* A database as that version has left it, in place of the one that @life has. */
static void put_version(const struct life *life, int version)
{
	struct database *database;
	char path[128];

	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	for (int i = 0; i < version; i++)
		run_file(database, version_paths[i]);
	database_close(database);
}

static void assert_version_reads_as_it_did(struct life *life, int version)
{
	static const char labels[] = "cgroup=/system.slice/api.service,comm=api,exe=/usr/bin/api,"
				     "pid=4711,thread=worker,tid=4712,";
	static const char native[] = ";[kernel.kallsyms]+0xffffffff81000010 in [kernel.kallsyms] "
				     ";api+0x401100 in /usr/bin/api ab01"
				     ";api+0x401200 in /usr/bin/api ab01";
	static const char compiled[] = ";compiled in /tmp/perf-1.map ";
	char whole[1024], part[1024];

	life_end(life);
	put_version(life, version);
	life_begin(life);
	snprintf(whole, sizeof(whole), "%s%s 303 3030000000\n%s%s 18 180000046\n", labels, native,
		 labels, compiled);
	snprintf(part, sizeof(part), "%s%s 100 1000000000\n%s%s 5 50000010\n", labels, native,
		 labels, compiled);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 300, whole);
	assert_life_reads(life->store, LIFE_START_S + 1, LIFE_START_S + 61, part);
	/* It goes on as one of its own. */
	life_add_samples(life, LIFE_START_S + 300, 100);
	for (int i = 0; i < 3; i++)
		life_tick(life, INT64_MAX, LIFE_START_S + 3LL * HOUR_S);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 300, whole);
	assert_life_reads(life->store, LIFE_START_S + 1, LIFE_START_S + 61, part);
}

static void what_earlier_versions_have_written_reads_as_it_did(void **state)
{
	for (int version = 1; version <= 2; version++)
		assert_version_reads_as_it_did(*state, version);
}

static int64_t version_of(const struct life *life)
{
	struct database *database;
	char path[128];
	int64_t version;

	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(
		database_open(&(struct database_options){ .path = path, .is_read_only = true },
			      &database),
		0);
	assert_int_equal(database_get_number(database, "PRAGMA user_version", &version), 0);
	database_close(database);
	return version;
}

/* Another Pilotlight will want it as it was. */
static void what_a_newer_version_has_written_is_left_alone(void **state)
{
	const struct history_options options = { .folder = ((struct life *)*state)->folder };
	struct life *life = *state;
	struct database *database;
	char path[128], *before;

	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	assert_int_equal(database_run(database, "PRAGMA user_version = 1000"), 0);
	database_close(database);
	life->store = life_store_new();
	assert_int_equal(history_open(&options, &life->history), -EPROTO);
	history_attach(life->history, life->store);
	life_add_samples(life, LIFE_START_S, 100);
	before = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	assert_non_null(strstr(before, " 100 "));
	assert_int_equal(history_tick(life->history, life->store, INT64_MAX,
				      (LIFE_START_S + 20) * NS_PER_SECOND),
			 -EPROTO);
	assert_life_reads(life->store, LIFE_START_S, LIFE_START_S + 10, before);
	assert_int_equal(life_status(life).errors[HISTORY_ERROR_VERSION], 2);
	assert_int_equal(version_of(life), 1000);
	free(before);
}

static void a_history_in_memory_ends_with_its_daemon(void **state)
{
	struct life life = { .folder = ":memory:" };
	char *before;

	(void)state;
	life_begin(&life);
	life_add_samples(&life, LIFE_START_S, 100);
	before = life_read(life.store, LIFE_START_S, LIFE_START_S + 10);
	life_tick(&life, INT64_MAX, LIFE_START_S + 60);
	assert_life_reads(life.store, LIFE_START_S, LIFE_START_S + 10, before);
	free(before);
	life_end(&life);
	life_begin(&life);
	assert_life_reads(life.store, LIFE_START_S, LIFE_START_S + 10, "");
	life_end(&life);
}

/* Who has symbol files on disk. */
struct answerer {
	struct store *store;
	struct binary_key key;
	struct symbol_file *symbols;
};

static void *answer(void *context)
{
	struct answerer *answerer = context;
	struct binary_key asked;
	uint32_t file;

	while (!past_files_next(answerer->store, &file, &asked))
		usleep(1000);
	assert_memory_equal(&asked, &answerer->key, sizeof(asked));
	assert_int_equal(store_name_file(answerer->store, file, NAMES_LINES, answerer->symbols), 0);
	return NULL;
}

/* A file that nobody runs any more, whose names are on somebody's disk. */
static void names_of_a_file_of_the_past_are_asked_for(void **state)
{
	struct life *life = *state;
	const struct binary_key key = { .build_id = { { 0xab }, 1 }, .size_bytes = 42 };
	struct elf_description description;
	struct frame frame = { FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() };
	struct sample sample = { FIXTURE_START_NS, 1, 1, FIXTURE_THREAD, 1, 0, 0, 0, 0 };
	struct answerer answerer = { .key = key };
	uint32_t file;
	pthread_t thread;
	char *found;

	symbol_fixture_make(true, &description, &answerer.symbols);
	assert_int_equal(store_set_file_key(life->store, FIXTURE_FILE, &key), 0);
	assert_int_equal(store_describe_file(life->store, FIXTURE_FILE, &description), 0);
	assert_int_equal(store_add_stack(life->store, 1, &frame, 1), 0);
	assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	store_free(life->store);
	life->store = store_fixture_new_empty(64 << 20);
	history_attach(life->history, life->store);
	answerer.store = life->store;
	assert_true(past_files_open(life->store) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, answer, &answerer), 0);
	found = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	assert_non_null(strstr(found, ";symbol_fixture_inlined in /usr/bin/api"));
	assert_int_equal(pthread_join(thread, NULL), 0);
	free(found);
	/* They are there now: nobody is asked again. */
	found = life_read(life->store, LIFE_START_S, LIFE_START_S + 10);
	assert_non_null(strstr(found, ";symbol_fixture_inlined in /usr/bin/api"));
	assert_false(past_files_next(life->store, &file, &answerer.key));
	free(found);
}

/* A range that begins before there was a store, and ends in what it has. */
static void what_is_in_memory_is_read_from_there_with_names_that_came_late(void **state)
{
	struct life *life = *state;
	int64_t start_s = clock_unix_ns() / NS_PER_SECOND + 2;
	struct frame frame = { FRAME_JIT, JIT, SYMBOL_FIXTURE_NAMESAKE_VADDR(0) + 8 };
	struct sample sample = { start_s * NS_PER_SECOND, 1, 1, FIXTURE_THREAD, JIT, 0, 0, 0, 0 };
	char *read;

	assert_int_equal(store_add_file(life->store, JIT, "/tmp/perf-1.map"), 0);
	assert_int_equal(store_add_stack(life->store, JIT, &frame, 1), 0);
	assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	life_add_samples(life, start_s - 1000, 10);
	life_tick(life, INT64_MAX, start_s + 5);
	assert_int_equal(life_status(life).written, 11);
	assert_int_equal(store_name_file(life->store, JIT, NAMES_FUNCTIONS,
					 symbol_fixture_called("compiled")),
			 0);
	read = life_read(life->store, start_s - 1000, start_s + 5);
	assert_non_null(strstr(read, ";compiled in /tmp/perf-1.map  1 1"));
	assert_non_null(strstr(read, "api+0x401100 in /usr/bin/api"));
	assert_non_null(strstr(read, " 10 100000000"));
	free(read);
}

static void code_of_a_jit_keeps_its_name(void **state)
{
	struct life *life = *state;
	struct frame frame = { FRAME_JIT, JIT, SYMBOL_FIXTURE_NAMESAKE_VADDR(0) + 8 };
	struct sample sample = { FIXTURE_START_NS, 1, 1, FIXTURE_THREAD, JIT, 0, 0, 0, 0 };
	char *before;

	assert_int_equal(store_add_file(life->store, JIT, "/tmp/perf-1.map"), 0);
	assert_int_equal(store_add_stack(life->store, JIT, &frame, 1), 0);
	assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	/* It is named only now: what is written next has the name. */
	assert_int_equal(store_name_file(life->store, JIT, NAMES_FUNCTIONS,
					 symbol_fixture_called("compiled")),
			 0);
	sample.time_unix_ns += 20 * NS_PER_SECOND;
	assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	before = life_read(life->store, LIFE_START_S + 20, LIFE_START_S + 30);
	assert_non_null(strstr(before, ";compiled in /tmp/perf-1.map"));
	life_end(life);
	life_begin(life);
	assert_life_reads(life->store, LIFE_START_S + 20, LIFE_START_S + 30, before);
	free(before);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_written_reads_as_it_did_in_the_store_and_after_a_restart,
			life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(how_far_it_reaches_back_is_known_from_the_start,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(
			each_sample_is_there_once_while_only_some_are_written, life_set_up,
			life_tear_down),
		cmocka_unit_test_setup_teardown(samples_that_come_late_are_written_too, life_set_up,
						life_tear_down),
		cmocka_unit_test_setup_teardown(rolling_up_changes_nothing_that_is_read,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(queries_see_each_sample_once_whatever_a_tick_does,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_old_leaves_and_the_rest_stays,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(
			a_clock_that_is_put_back_loses_nothing_and_tells_nothing_twice, life_set_up,
			life_tear_down),
		cmocka_unit_test_setup_teardown(
			a_clock_that_leaps_ahead_for_a_moment_forgets_nothing, life_set_up,
			life_tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_put_aside_and_another_begun,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(what_earlier_versions_have_written_reads_as_it_did,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(what_a_newer_version_has_written_is_left_alone,
						life_set_up, life_tear_down),
		cmocka_unit_test(a_history_in_memory_ends_with_its_daemon),
		cmocka_unit_test_setup_teardown(names_of_a_file_of_the_past_are_asked_for,
						life_set_up, life_tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_in_memory_is_read_from_there_with_names_that_came_late, life_set_up,
			life_tear_down),
		cmocka_unit_test_setup_teardown(code_of_a_jit_keeps_its_name, life_set_up,
						life_tear_down),
	};

	assert(argc == 3);
	version_paths = (const char *const *)&argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
