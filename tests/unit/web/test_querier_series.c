/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_series.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/history.h"
#include "profiler/label.h"
#include "profiler/store.h"
#include "querier_asker.h"
#include "tests/unit/profiler/store_fixture.h"

#define CPU      "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define COUNT    "process_cpu:samples:count:cpu:nanoseconds"
#define ALL      "'labelSelector':'{}'"
#define START_MS (FIXTURE_START_NS / NS_PER_MS)
#define DAY_S    86400

enum { N_SAMPLES = 500, SPREAD_MS = 10000, N_GRIDS = 100 };
enum { BELIEVED_TICKS = 60 }; /* history_retention.h */

/* A generator of Lehmer's kind, so that the samples are the same each time. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed >> 33;
}

/* Samples at whatever nanoseconds within SPREAD_MS from @start_ms on. */
static struct store *new_filled_store(int64_t start_ms)
{
	struct store *store = store_fixture_new();
	uint64_t seed = 1;

	for (int i = 0; i < N_SAMPLES; i++) {
		int64_t ns = (int64_t)(next_random(&seed) % SPREAD_MS) * NS_PER_MS;

		ns += (int64_t)(next_random(&seed) % 3) * (NS_PER_MS / 2 - 1);
		assert_int_equal(store_fixture_add_sample(store, start_ms * NS_PER_MS + ns), 1);
	}
	return store;
}

static int set_up(void **state)
{
	*state = new_filled_store(START_MS);
	return 0;
}

static int tear_down(void **state)
{
	store_free(*state);
	return 0;
}

static int64_t to_int64(const json_t *string)
{
	return string ? strtoll(json_string_value(string), NULL, 10) : 0;
}

/* Ask @method about all samples from @start_ms to @end_ms, both included, and @more. */
static json_t *ask(struct store *store, const char *method, int64_t start_ms, int64_t end_ms,
		   const char *more)
{
	char question[512];
	unsigned int code;
	json_t *answer;

	snprintf(question, sizeof(question),
		 "{'profileTypeID':'" COUNT "'," ALL ",'start':%" PRId64 ",'end':%" PRId64 "%s}",
		 start_ms, end_ms, more);
	answer = querier_ask(store, &code, method, question);
	assert_int_equal(code, 200);
	return answer;
}

/* The samples of the flame graph. */
static int64_t ask_flames(struct store *store, int64_t start_ms, int64_t end_ms)
{
	json_t *answer = ask(store, "SelectMergeStacktraces", start_ms, end_ms, "");
	int64_t total = to_int64(json_object_get(json_object_get(answer, "flamegraph"), "total"));

	json_decref(answer);
	return total;
}

/* The samples of the pprof. */
static int64_t ask_profile(struct store *store, int64_t start_ms, int64_t end_ms)
{
	json_t *answer = ask(store, "SelectMergeProfile", start_ms, end_ms, ""), *sample;
	int64_t total = 0;
	size_t i;

	json_array_foreach(json_object_get(answer, "sample"), i, sample) total +=
		to_int64(json_array_get(json_object_get(sample, "value"), 0));
	json_decref(answer);
	return total;
}

static json_t *ask_series(struct store *store, int64_t start_ms, int64_t end_ms, int64_t step_ms)
{
	char step[64];

	snprintf(step, sizeof(step), ",'step':%.17g", (double)step_ms / 1000);
	return ask(store, "SelectSeries", start_ms, end_ms, step);
}

/* One grid: each point is the flame graph of its step, and all of them that of their steps. */
static void check_grid(struct store *store, int64_t start_ms, int64_t end_ms, int64_t step_ms)
{
	int64_t last_ms = start_ms + (end_ms - start_ms) / step_ms * step_ms, sum = 0;
	json_t *answer = ask_series(store, start_ms, end_ms, step_ms), *point;
	json_t *series = json_array_get(json_object_get(answer, "series"), 0);
	int64_t before_ms = start_ms - step_ms;
	size_t i;

	assert_true(json_array_size(json_object_get(answer, "series")) <= 1);
	json_array_foreach(json_object_get(series, "points"), i, point)
	{
		int64_t time_ms = to_int64(json_object_get(point, "timestamp"));
		int64_t count = json_integer_value(json_object_get(point, "value"));

		assert_true(count > 0);
		assert_true(time_ms > before_ms && time_ms <= end_ms);
		assert_int_equal((time_ms - start_ms) % step_ms, 0);
		assert_int_equal(count, ask_flames(store, time_ms - step_ms + 1, time_ms));
		before_ms = time_ms;
		sum += count;
	}
	assert_int_equal(sum, ask_flames(store, start_ms - step_ms + 1, last_ms));
	assert_int_equal(sum, ask_profile(store, start_ms - step_ms + 1, last_ms));
	json_decref(answer);
}

/* Grids of all sorts, of samples within SPREAD_MS from @first_ms on. */
static void check_grids(struct store *store, int64_t first_ms)
{
	uint64_t seed = 7;

	assert_int_equal(ask_flames(store, first_ms, first_ms + SPREAD_MS), N_SAMPLES);
	for (int i = 0; i < N_GRIDS; i++) {
		int64_t start_ms = first_ms + (int64_t)(next_random(&seed) % SPREAD_MS);
		int64_t length_ms = (int64_t)(next_random(&seed) % SPREAD_MS);
		int64_t step_ms = 1 + (int64_t)(next_random(&seed) % (i % 2 ? 3000 : 300));

		check_grid(store, start_ms, start_ms + length_ms, step_ms);
	}
	check_grid(store, first_ms, first_ms, 1);
	check_grid(store, first_ms, first_ms + SPREAD_MS, 1);
}

static void adds_up_to_the_flame_graph_and_the_profile(void **state)
{
	check_grids(*state, START_MS);
}

/* While one of two windows is written, when both are, and once they are rolled up and no exact
 * time is known any more. */
static void adds_up_when_samples_have_become_history(void **state)
{
	static const struct history_options options = { ":memory:", DAY_S, 64 << 20 };
	int64_t first_ms = START_MS + SPREAD_MS / 2, end_ns = FIXTURE_START_NS + 10 * NS_PER_SECOND;
	struct store *store = new_filled_store(first_ms);
	struct history_status status;
	struct history *history;

	(void)state;
	assert_int_equal(history_open(&options, &history), 0);
	history_attach(history, store);
	assert_int_equal(history_tick(history, store, end_ns, end_ns), 0);
	history_get_status(history, &status);
	assert_in_range(status.written, 1, N_SAMPLES - 1);
	check_grids(store, first_ms);
	assert_int_equal(history_tick(history, store, INT64_MAX, end_ns), 0);
	history_get_status(history, &status);
	assert_int_equal(status.written, N_SAMPLES);
	assert_true(status.moments_bytes > 0);
	check_grids(store, first_ms);
	for (int i = 0; i < BELIEVED_TICKS + 1; i++)
		assert_int_equal(history_tick(history, store, INT64_MAX,
					      end_ns + 10LL * 3600 * NS_PER_SECOND),
				 0);
	history_get_status(history, &status);
	assert_true(status.roll_ups > 0);
	assert_int_equal(status.moments_bytes, 0);
	check_grids(store, first_ms);
	store_free(store);
	history_close(history);
}

#define POINT "'points':[{'value':5000000000,'timestamp':'1700000010000'}]"

static void groups_by_labels_of_samples_and_types(void **state)
{
	static const struct {
		const char *group_by, *series;
	} examples[] = {
		{ "", "{" POINT "}" },
		{ "'no_such'", "{" POINT "}" },
		{ "'comm'", "{'labels':[{'name':'comm','value':'api'}]," POINT "}" },
		{ "'comm','no_such','__type__'", "{'labels':[{'name':'__type__','value':'cpu'},{'"
						 "name':'comm','value':'api'}]," POINT "}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char question[512], answer[512];

		snprintf(question, sizeof(question),
			 "{'profileTypeID':'" CPU "'," ALL ",'start':1700000010000,"
			 "'end':1700000010000,'step':20,'groupBy':[%s]}",
			 examples[i].group_by);
		snprintf(answer, sizeof(answer), "{'series':[%s]}", examples[i].series);
		querier_expect(*state, "SelectSeries", question, answer);
	}
}

/* Beside "api", which has 3 samples, "db" has 2 and "log" has 1, in one second. */
static struct store *new_busy_store(void)
{
	static const char *const names[] = { "api", "db", "log" };
	struct store *store = store_fixture_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct label label = { "comm", names[i] };
		const struct store_process process = { 100 + i, 100 + (int)i, &label, 1 };
		const struct sample sample = {
			.time_unix_ns = FIXTURE_START_NS,
			.value = FIXTURE_TICK_NS,
			.weight = 1,
			.thread = 200 + i,
			.stack = FIXTURE_STACK,
		};

		assert_int_equal(store_add_process(store, &process), 0);
		assert_int_equal(store_add_thread(store, 200 + i, 100 + i, 100 + (int)i, "main"),
				 0);
		for (size_t k = i; k < ARRAY_SIZE(names); k++)
			assert_int_equal(store_add_samples(store, &sample, 1), 1);
	}
	return store;
}

static void tells_the_largest_series_of_a_limit(void **state)
{
	struct store *store = new_busy_store();
	static const char question[] =
		"{'profileTypeID':'" COUNT "'," ALL ",'start':1700000000500,'end':1700000000500,"
		"'step':1,'groupBy':['comm'],'limit':2}";

	(void)state;
	querier_expect(store, "SelectSeries", question,
		       "{'series':[{'labels':[{'name':'comm','value':'api'}],"
		       "'points':[{'value':3,'timestamp':'1700000000500'}]},"
		       "{'labels':[{'name':'comm','value':'db'}],"
		       "'points':[{'value':2,'timestamp':'1700000000500'}]}]}");
	store_free(store);
}

/* Beside "api", which has 3 samples, "db" has one, of as much CPU time as ten. */
static struct store *new_unequal_store(void)
{
	static const struct label label = { "comm", "db" };
	static const struct store_process process = { 100, 100, &label, 1 };
	const struct sample sample = { .time_unix_ns = FIXTURE_START_NS,
				       .value = 10LL * FIXTURE_TICK_NS,
				       .weight = 1,
				       .thread = 200,
				       .stack = FIXTURE_STACK };
	struct store *store = store_fixture_new();

	for (int i = 0; i < 3; i++)
		assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, 200, 100, 100, "main"), 0);
	assert_int_equal(store_add_samples(store, &sample, 1), 1);
	return store;
}

static void ranks_series_by_what_their_type_counts(void **state)
{
	struct store *store = new_unequal_store();

	(void)state;
	querier_expect(store, "SelectSeries",
		       "{'profileTypeID':'" COUNT "'," ALL ",'start':1700000000500,"
		       "'end':1700000000500,'step':1,'groupBy':['comm'],'limit':1}",
		       "{'series':[{'labels':[{'name':'comm','value':'api'}],"
		       "'points':[{'value':3,'timestamp':'1700000000500'}]}]}");
	querier_expect(store, "SelectSeries",
		       "{'profileTypeID':'" CPU "'," ALL ",'start':1700000000500,"
		       "'end':1700000000500,'step':1,'groupBy':['comm'],'limit':1}",
		       "{'series':[{'labels':[{'name':'comm','value':'db'}],"
		       "'points':[{'value':100000000,'timestamp':'1700000000500'}]}]}");
	store_free(store);
}

static void lists_each_set_of_labels_once(void **state)
{
	struct store *store = new_busy_store();

	(void)state;
	querier_expect(store, "Series", "{'labelNames':['comm']}",
		       "{'labelsSet':[{'labels':[{'name':'comm','value':'api'}]},"
		       "{'labels':[{'name':'comm','value':'db'}]},"
		       "{'labels':[{'name':'comm','value':'log'}]}]}");
	querier_expect(
		store, "Series",
		"{'labelNames':['comm','__type__'],'matchers':['{comm=~\\'db|no\\'}',"
		"'{comm=\\'api\\',__type__=\\'cpu\\'}']}",
		"{'labelsSet':["
		"{'labels':[{'name':'__type__','value':'cpu'},{'name':'comm','value':'api'}]},"
		"{'labels':[{'name':'__type__','value':'cpu'},{'name':'comm','value':'db'}]},"
		"{'labels':[{'name':'__type__','value':'samples'},"
		"{'name':'comm','value':'db'}]}]}");
	querier_expect(store, "Series", "{'labelNames':['no_such']}", "{}");
	querier_expect(store, "Series", "{'start':1,'end':2}", "{}");
	store_free(store);
}

static void lists_all_labels_without_names(void **state)
{
	unsigned int code;
	json_t *answer = querier_ask(*state, &code, "Series", "{'matchers':['" CPU "{}']}");
	json_t *sets = json_object_get(answer, "labelsSet");
	json_t *labels = json_object_get(json_array_get(sets, 0), "labels");

	assert_int_equal(code, 200);
	assert_int_equal(json_array_size(sets), 1);
	assert_true(json_array_size(labels) > 10);
	assert_string_equal(json_string_value(json_object_get(json_array_get(labels, 0), "value")),
			    "process_cpu");
	json_decref(answer);
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *question, *code, *word;
	} examples[] = {
		{ "'step':0", "invalid_argument", "step must be >= 1ms" },
		{ "'step':0.0009", "invalid_argument", "step must be >= 1ms" },
		{ "'step':-1", "invalid_argument", "step must be >= 1ms" },
		{ "'step':1e300", "invalid_argument", "step" },
		{ "'step':0.01,'end':1700001000000", "invalid_argument", "11000 steps" },
		{ "'step':1,'limit':-1", "invalid_argument", "limit" },
		{ "'step':1,'aggregation':'TIME_SERIES_AGGREGATION_TYPE_AVERAGE'", "unimplemented",
		  "average" },
		{ "'step':1,'stackTraceSelector':{'callSite':[{}]}", "unimplemented", "stack" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char question[512];

		snprintf(question, sizeof(question),
			 "{'profileTypeID':'" CPU "'," ALL ",'start':1700000000000,%s%s}",
			 strstr(examples[i].question, "'end'") ? "" : "'end':1700000000000,",
			 examples[i].question);
		querier_expect_error(*state, "SelectSeries", question, examples[i].code,
				     examples[i].word);
	}
}

static void bounds_the_names(void **state)
{
	char names[512] = "'a'", question[1024];

	for (int i = 0; i < 32; i++)
		strcat(names, ",'a'");
	snprintf(question, sizeof(question), "{'labelNames':[%s]}", names);
	querier_expect_error(*state, "Series", question, "invalid_argument", "32 names");
	snprintf(question, sizeof(question),
		 "{'profileTypeID':'" CPU "'," ALL ",'start':1,'end':2,'step':1,'groupBy':[%s]}",
		 names);
	querier_expect_error(*state, "SelectSeries", question, "invalid_argument", "32 names");
}

/* Times and steps at the ends of what can be said. */
static void takes_any_grid(void **state)
{
	static const char *const questions[] = {
		"'start':'-9223372036854775808','end':'9223372036854775807','step':1000000000",
		"'start':'9223372036854775807','end':'9223372036854775807','step':1000000000",
		"'start':'-9223372036854775808','end':'-9223372036854775808','step':1000000000",
	};

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		char question[512];
		unsigned int code;
		json_t *answer;

		snprintf(question, sizeof(question), "{'profileTypeID':'" CPU "'," ALL ",%s}",
			 questions[i]);
		answer = querier_ask(*state, &code, "SelectSeries", question);
		assert_int_equal(code, 200);
		assert_int_equal(json_array_size(json_object_get(answer, "series")), i == 0);
		json_decref(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_to_the_flame_graph_and_the_profile),
		cmocka_unit_test(adds_up_when_samples_have_become_history),
		cmocka_unit_test(groups_by_labels_of_samples_and_types),
		cmocka_unit_test(tells_the_largest_series_of_a_limit),
		cmocka_unit_test(ranks_series_by_what_their_type_counts),
		cmocka_unit_test(lists_each_set_of_labels_once),
		cmocka_unit_test(lists_all_labels_without_names),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(bounds_the_names),
		cmocka_unit_test(takes_any_grid),
	};

	return cmocka_run_group_tests_name("querier series", tests, set_up, tear_down);
}
