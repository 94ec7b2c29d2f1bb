/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_flames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profiler/store.h"
#include "querier_asker.h"
#include "tests/unit/profiler/store_fixture.h"

#define CPU   "'profileTypeID':'process_cpu:cpu:nanoseconds:cpu:nanoseconds'"
#define COUNT "'profileTypeID':'process_cpu:samples:count:cpu:nanoseconds'"
#define ALL   "'labelSelector':'{}'"
#define RANGE "'start':1700000000000,'end':1700000001000"
#define EMPTY "{'flamegraph':{'names':['total'],'levels':[{'values':['0','0','0','0']}]}}"

/* A sample at either end of the range, and one just beyond either. */
static int set_up(void **state)
{
	static const int64_t times_ns[] = { -1, 0, 999999999, 1000000000 };
	struct store *store = store_fixture_new();

	for (size_t i = 0; i < sizeof(times_ns) / sizeof(times_ns[0]); i++)
		assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS + times_ns[i]),
				 1);
	*state = store;
	return 0;
}

static int tear_down(void **state)
{
	store_free(*state);
	return 0;
}

static void draws_the_samples_of_a_range(void **state)
{
	querier_expect(*state, "SelectMergeStacktraces", "{" COUNT "," ALL "," RANGE "}",
		       "{'flamegraph':{'names':['total','api+0x1200','api+0x1100',"
		       "'[kernel.kallsyms]+0xffffffff81000010'],'levels':["
		       "{'values':['0','2','0','0']},{'values':['0','2','0','1']},"
		       "{'values':['0','2','0','2']},{'values':['0','2','2','3']}],"
		       "'total':'2','maxSelf':'2'}}");
}

static void counts_in_the_unit_of_the_type(void **state)
{
	unsigned int code;
	json_t *answer =
		querier_ask(*state, &code, "SelectMergeStacktraces", "{" CPU "," ALL "," RANGE "}");
	json_t *graph = json_object_get(answer, "flamegraph");

	assert_int_equal(code, 200);
	assert_string_equal(json_string_value(json_object_get(graph, "total")), "20000000");
	json_decref(answer);
}

static void draws_nothing_where_there_is_nothing(void **state)
{
	static const char *const questions[] = {
		"{" COUNT "," ALL ",'start':1,'end':2}",
		"{" COUNT ",'labelSelector':'{comm=\\'no\\'}'," RANGE "}",
		"{'profileTypeID':'a:b:c:d:e'," ALL "," RANGE "}",
		"{" COUNT ",'labelSelector':'{__type__=\\'cpu\\'}'," RANGE "}",
		"{" COUNT "," ALL "," RANGE ",'profileIdSelector':['7c9e6679']}",
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		querier_expect(*state, "SelectMergeStacktraces", questions[i], EMPTY);
}

static void draws_no_more_bars_than_wanted(void **state)
{
	querier_expect(*state, "SelectMergeStacktraces",
		       "{" COUNT "," ALL "," RANGE ",'maxNodes':1}",
		       "{'flamegraph':{'names':['total','api+0x1200','other'],'levels':["
		       "{'values':['0','2','0','0']},{'values':['0','2','0','1']},"
		       "{'values':['0','2','2','2']}],'total':'2','maxSelf':'2'}}");
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *question, *code, *word;
	} examples[] = {
		{ "{'profileTypeID':'cpu'," ALL "," RANGE "}", "invalid_argument",
		  "profile_typeID" },
		{ "{" ALL "," RANGE "}", "invalid_argument", "profile_typeID" },
		{ "{" CPU "," RANGE "}", "invalid_argument", "label_selector" },
		{ "{" CPU "," ALL "}", "invalid_argument", "missing time range" },
		{ "{" CPU "," ALL ",'start':2,'end':1}", "invalid_argument", "start" },
		{ "{" CPU ",'labelSelector':'{'," RANGE "}", "invalid_argument", "selector" },
		{ "{" CPU "," ALL "," RANGE ",'maxNodes':-1}", "invalid_argument", "max_nodes" },
		{ "{" CPU "," ALL "," RANGE ",'maxNodes':1048577}", "invalid_argument",
		  "max_nodes" },
		{ "{" CPU "," ALL "," RANGE ",'format':2}", "unimplemented", "format" },
		{ "{" CPU "," ALL "," RANGE ",'stackTraceSelector':{'goPgo':{}}}", "unimplemented",
		  "go_pgo" },
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		querier_expect_error(*state, "SelectMergeStacktraces", examples[i].question,
				     examples[i].code, examples[i].word);
}

static void takes_only_stacks_that_begin_with_names(void **state)
{
	static const struct {
		const char *call_site;
		bool is_there;
	} examples[] = {
		{ "", true },
		{ "{'name':'api+0x1200'}", true },
		{ "{'name':'api+0x1200'},{'name':'api+0x1100'}", true },
		{ "{'name':'api+0x1100'}", false },
		{ "{'name':'api+0x1200'},{'name':'x'}", false },
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char question[512];
		unsigned int code;
		json_t *answer, *total;

		snprintf(question, sizeof(question),
			 "{" COUNT "," ALL "," RANGE ",'stackTraceSelector':{'callSite':[%s]}}",
			 examples[i].call_site);
		answer = querier_ask(*state, &code, "SelectMergeStacktraces", question);
		total = json_object_get(json_object_get(answer, "flamegraph"), "total");
		assert_int_equal(code, 200);
		assert_true(examples[i].is_there == (total != NULL));
		json_decref(answer);
	}
}

static void compares_two_ranges(void **state)
{
	querier_expect(*state, "Diff",
		       "{'left':{" COUNT "," ALL "," RANGE "},"
		       "'right':{" COUNT "," ALL ",'start':1699999999500,'end':1699999999500}}",
		       "{'flamegraph':{'names':['total','api+0x1200','api+0x1100',"
		       "'[kernel.kallsyms]+0xffffffff81000010'],'levels':["
		       "{'values':['0','2','0','0','1','0','0']},"
		       "{'values':['0','2','0','0','1','0','1']},"
		       "{'values':['0','2','0','0','1','0','2']},"
		       "{'values':['0','2','2','0','1','1','3']}],"
		       "'total':'3','maxSelf':'2','leftTicks':'2','rightTicks':'1'}}");
	querier_expect_error(*state, "Diff", "{'left':{" COUNT "," ALL "," RANGE "}}",
			     "invalid_argument", "right");
	querier_expect_error(*state, "Diff", "{'left':{},'right':{}}", "invalid_argument",
			     "profile_typeID");
}

/* One value a sample: that of the type. */
static void answers_with_a_profile(void **state)
{
	unsigned int code;
	json_t *answer =
		querier_ask(*state, &code, "SelectMergeProfile", "{" CPU "," ALL "," RANGE "}");
	json_t *sample = json_array_get(json_object_get(answer, "sample"), 0);
	json_t *type = json_array_get(json_object_get(answer, "sampleType"), 0);
	json_t *strings = json_object_get(answer, "stringTable");
	size_t type_i = strtoul(json_string_value(json_object_get(type, "type")), NULL, 10);

	assert_int_equal(code, 200);
	assert_int_equal(json_array_size(json_object_get(answer, "sampleType")), 1);
	assert_string_equal(json_string_value(json_array_get(strings, type_i)), "cpu");
	assert_int_equal(json_array_size(json_object_get(answer, "sample")), 1);
	assert_int_equal(json_array_size(json_object_get(sample, "value")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(sample, "value"), 0)),
			    "20000000");
	assert_int_equal(json_array_size(json_object_get(sample, "locationId")), 3);
	assert_null(json_object_get(sample, "label")); /* as the real server has none */
	json_decref(answer);
}

static void answers_with_a_profile_of_nothing(void **state)
{
	unsigned int code;
	json_t *answer = querier_ask(*state, &code, "SelectMergeProfile",
				     "{'profileTypeID':'a:b:c:d:e'," ALL "," RANGE "}");

	assert_int_equal(code, 200);
	assert_null(json_object_get(answer, "sample"));
	assert_int_equal(json_array_size(json_object_get(answer, "sampleType")), 1);
	json_decref(answer);
	querier_expect_error(*state, "SelectMergeProfile",
			     "{" CPU "," ALL "," RANGE ",'stackTraceSelector':{}}", "unimplemented",
			     "stack");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_the_samples_of_a_range),
		cmocka_unit_test(counts_in_the_unit_of_the_type),
		cmocka_unit_test(draws_nothing_where_there_is_nothing),
		cmocka_unit_test(draws_no_more_bars_than_wanted),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(takes_only_stacks_that_begin_with_names),
		cmocka_unit_test(compares_two_ranges),
		cmocka_unit_test(answers_with_a_profile),
		cmocka_unit_test(answers_with_a_profile_of_nothing),
	};

	return cmocka_run_group_tests_name("querier flames", tests, set_up, tear_down);
}
