/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
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
#include "profiler/base/string_table.h"
#include "profiler/past_files.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct profile *, profile_free)

#define START_S (FIXTURE_START_NS / NS_PER_SECOND)
#define HOUR_S  3600
#define JIT     7 /* numbers of the file and stack of code made at run time */

/* /usr/bin/api, which lives on. */
static const struct binary_key api_key = { .build_id = { { 0xab, 0x01 }, 2 }, .size_bytes = 42 };
static const struct elf_description api = {
	.build_id = { { 0xab, 0x01 }, 2 },
	.n_segments = 1,
	.segments = { { 0x1000, 0x401000, 0x1000 } },
};

/* One daemon's life: its store and the history in a folder, or in memory. */
struct life {
	char folder[64];
	struct store *store;
	struct history *history;
};

static void life_begin(struct life *life)
{
	const struct history_options options = {
		.folder = life->folder,
		.retention_age_s = 1000LL * HOUR_S,
		.retention_bytes = 64LL << 20,
	};

	life->store = store_fixture_new();
	assert_int_equal(store_set_file_key(life->store, FIXTURE_FILE, &api_key), 0);
	assert_int_equal(store_describe_file(life->store, FIXTURE_FILE, &api), 0);
	assert_int_equal(history_open(&options, &life->history), 0);
	history_attach(life->history, life->store);
}

static void life_end(struct life *life)
{
	life->store = store_free(life->store);
	life->history = history_close(life->history);
}

static int set_up(void **state)
{
	struct life *life = calloc(1, sizeof(*life));

	snprintf(life->folder, sizeof(life->folder), "/tmp/test_history.XXXXXX");
	assert_non_null(mkdtemp(life->folder));
	life_begin(life);
	*state = life;
	return 0;
}

static int tear_down(void **state)
{
	struct life *life = *state;
	char command[128];

	life_end(life);
	snprintf(command, sizeof(command), "rm -rf %s", life->folder);
	assert_int_equal(system(command), 0);
	free(life);
	return 0;
}

static void add_samples(struct life *life, int64_t start_s, int n_samples)
{
	for (int i = 0; i < n_samples; i++)
		store_fixture_add_sample(life->store,
					 start_s * NS_PER_SECOND + i * 3 * FIXTURE_TICK_NS);
}

static void tick(struct life *life, int64_t end_s, int64_t now_s)
{
	assert_int_equal(history_tick(life->history, life->store,
				      end_s == INT64_MAX ? end_s : end_s * NS_PER_SECOND,
				      now_s * NS_PER_SECOND),
			 0);
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *text(const struct profile *profile, uint32_t string)
{
	return string_table_get(profile->strings, string);
}

static void print_sample(const struct profile *profile, const struct profile_sample *sample,
			 struct buffer *out)
{
	const struct profile_label_set *set = &profile->label_sets[sample->label_set];
	const struct profile_stack *stack = &profile->stacks[sample->stack];

	for (uint32_t i = 0; i < set->n_labels; i++) {
		const struct profile_label *label = &profile->labels[set->first_label + i];

		buffer_printf(out, "%s=%s,", text(profile, label->name),
			      text(profile, label->value));
	}
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct profile_location *location =
			&profile->locations[profile->frames[stack->first_frame + i]];
		const struct profile_mapping *mapping = &profile->mappings[location->mapping];
		const struct profile_line *line = &profile->lines[location->first_line];

		buffer_printf(out, ";%s in %s %s",
			      text(profile, profile->functions[line->function].name),
			      text(profile, mapping->filename), text(profile, mapping->build_id));
	}
	buffer_printf(out, " %llu %llu", (unsigned long long)sample->count,
		      (unsigned long long)sample->value);
}

/* All that a range says, in one order: freed by the caller. */
static char *read_range(struct life *life, int64_t start_s, int64_t end_s)
{
	const struct query query = { .start_unix_ns = start_s * NS_PER_SECOND,
				     .end_unix_ns = end_s * NS_PER_SECOND };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	char **lines;

	assert_int_equal(query_run(life->store, &query, &profile), 0);
	lines = calloc(profile->n_samples + 1, sizeof(*lines));
	assert_non_null(lines);
	for (size_t i = 0; i < profile->n_samples; i++) {
		struct buffer line = { 0 };

		print_sample(profile, &profile->samples[i], &line);
		buffer_append_char(&line, '\0');
		lines[i] = line.data;
	}
	qsort(lines, profile->n_samples, sizeof(*lines), line_compare);
	buffer_append_string(&out, "");
	for (size_t i = 0; i < profile->n_samples; i++) {
		buffer_printf(&out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	buffer_append_char(&out, '\0');
	assert_int_equal(buffer_error(&out), 0);
	return strdup(out.data);
}

static void assert_reads(struct life *life, int64_t start_s, int64_t end_s, const char *expected)
{
	char *found = read_range(life, start_s, end_s);

	assert_string_equal(found, expected);
	free(found);
}

static struct history_status status_of(struct life *life)
{
	struct history_status status;

	history_get_status(life->history, &status);
	return status;
}

static void what_was_written_reads_as_it_did_in_the_store_and_after_a_restart(void **state)
{
	struct life *life = *state;
	char *before;

	add_samples(life, START_S, 1000);
	before = read_range(life, START_S, START_S + 30);
	assert_non_null(strstr(before, "comm=api,exe=/usr/bin/api,pid=4711,"));
	assert_non_null(strstr(before, "api+0x401100 in /usr/bin/api"));
	tick(life, INT64_MAX, START_S + 60);
	assert_int_equal(status_of(life).written, 1000);
	assert_reads(life, START_S, START_S + 30, before);
	life_end(life);
	life_begin(life);
	assert_reads(life, START_S, START_S + 30, before);
	free(before);
}

static void each_sample_is_there_once_while_only_some_are_written(void **state)
{
	struct life *life = *state;
	char *before;

	add_samples(life, START_S, 1000);
	before = read_range(life, START_S, START_S + 30);
	tick(life, START_S + 10, START_S + 12);
	assert_reads(life, START_S, START_S + 30, before);
	tick(life, START_S + 10, START_S + 13);
	assert_reads(life, START_S, START_S + 30, before);
	free(before);
}

static void samples_that_come_late_are_written_too(void **state)
{
	struct life *life = *state;
	char *before;

	add_samples(life, START_S, 300);
	tick(life, START_S + 10, START_S + 12);
	add_samples(life, START_S, 300);
	before = read_range(life, START_S, START_S + 10);
	tick(life, START_S + 20, START_S + 22);
	assert_int_equal(status_of(life).written, 600);
	assert_reads(life, START_S, START_S + 10, before);
	free(before);
}

static void rolling_up_changes_nothing_that_is_read(void **state)
{
	struct life *life = *state;
	char *whole, *part;

	for (int minute = 0; minute < 70; minute++) {
		add_samples(life, START_S + minute * 60, 200);
		tick(life, START_S + minute * 60 + 10, START_S + 60);
	}
	tick(life, INT64_MAX, START_S + 60);
	whole = read_range(life, START_S, START_S + 2LL * HOUR_S);
	part = read_range(life, START_S + 601, START_S + 1803);
	for (int i = 0; i < 20; i++)
		tick(life, INT64_MAX, START_S + 10LL * HOUR_S);
	assert_true(status_of(life).roll_ups > 70);
	assert_reads(life, START_S, START_S + 2LL * HOUR_S, whole);
	assert_reads(life, START_S + 601, START_S + 1803, part);
	free(whole);
	free(part);
}

static void what_is_too_old_leaves_and_the_rest_stays(void **state)
{
	struct life *life = *state;
	char *young;

	add_samples(life, START_S, 100);
	add_samples(life, START_S + 10LL * HOUR_S, 100);
	tick(life, INT64_MAX, START_S + 10LL * HOUR_S);
	young = read_range(life, START_S + 10LL * HOUR_S, START_S + 11LL * HOUR_S);
	life_end(life);
	life_begin(life);
	tick(life, INT64_MAX, START_S + 1005LL * HOUR_S);
	assert_true(status_of(life).windows_expired > 0);
	assert_reads(life, START_S, START_S + HOUR_S, "");
	assert_reads(life, START_S + 10LL * HOUR_S, START_S + 11LL * HOUR_S, young);
	free(young);
}

static void a_damaged_file_is_put_aside_and_another_begun(void **state)
{
	struct life *life = *state;
	char path[128];
	int fd;

	add_samples(life, START_S, 100);
	tick(life, INT64_MAX, START_S + 60);
	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "this is not a database, whatever it was before", 46), 46);
	close(fd);
	life_begin(life);
	assert_int_equal(status_of(life).errors[HISTORY_ERROR_DAMAGED], 1);
	add_samples(life, START_S, 100);
	tick(life, INT64_MAX, START_S + 60);
	assert_int_equal(status_of(life).written, 100);
}

static void a_history_in_memory_ends_with_its_daemon(void **state)
{
	struct life life = { .folder = ":memory:" };
	char *before;

	(void)state;
	life_begin(&life);
	add_samples(&life, START_S, 100);
	before = read_range(&life, START_S, START_S + 10);
	tick(&life, INT64_MAX, START_S + 60);
	assert_reads(&life, START_S, START_S + 10, before);
	free(before);
	life_end(&life);
	life_begin(&life);
	assert_reads(&life, START_S, START_S + 10, "");
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
	tick(life, INT64_MAX, START_S + 60);
	store_free(life->store);
	life->store = store_fixture_new_empty(64 << 20);
	history_attach(life->history, life->store);
	answerer.store = life->store;
	assert_true(past_files_open(life->store) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, answer, &answerer), 0);
	found = read_range(life, START_S, START_S + 10);
	assert_non_null(strstr(found, ";symbol_fixture_inlined in /usr/bin/api"));
	assert_int_equal(pthread_join(thread, NULL), 0);
	free(found);
	/* They are there now: nobody is asked again. */
	found = read_range(life, START_S, START_S + 10);
	assert_non_null(strstr(found, ";symbol_fixture_inlined in /usr/bin/api"));
	assert_false(past_files_next(life->store, &file, &answerer.key));
	free(found);
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
	tick(life, INT64_MAX, START_S + 60);
	/* It is named only now: what is written next has the name. */
	assert_int_equal(store_name_file(life->store, JIT, NAMES_FUNCTIONS,
					 symbol_fixture_called("compiled")),
			 0);
	sample.time_unix_ns += 20 * NS_PER_SECOND;
	assert_int_equal(store_add_samples(life->store, &sample, 1), 1);
	tick(life, INT64_MAX, START_S + 60);
	before = read_range(life, START_S + 20, START_S + 30);
	assert_non_null(strstr(before, ";compiled in /tmp/perf-1.map"));
	life_end(life);
	life_begin(life);
	assert_reads(life, START_S + 20, START_S + 30, before);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_written_reads_as_it_did_in_the_store_and_after_a_restart, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			each_sample_is_there_once_while_only_some_are_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(samples_that_come_late_are_written_too, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(rolling_up_changes_nothing_that_is_read, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_old_leaves_and_the_rest_stays, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_put_aside_and_another_begun,
						set_up, tear_down),
		cmocka_unit_test(a_history_in_memory_ends_with_its_daemon),
		cmocka_unit_test_setup_teardown(names_of_a_file_of_the_past_are_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(code_of_a_jit_keeps_its_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
