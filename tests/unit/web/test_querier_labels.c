/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/label.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "querier_asker.h"
#include "tests/unit/profiler/store_fixture.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

#define CPU   "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define COUNT "process_cpu:samples:count:cpu:nanoseconds"
#define PAST  "'start':1,'end':2"
#define RANGE "'start':1700000000500,'end':1700000000500" /* the middle of the sample's second */

static int set_up(void **state)
{
	struct store *store = store_fixture_new();

	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS + 999999), 1);
	*state = store;
	return 0;
}

static int tear_down(void **state)
{
	store_free(*state);
	return 0;
}

static void lists_types_of_which_there_are_samples(void **state)
{
	static const char both[] =
		"{'profileTypes':["
		"{'ID':'" CPU
		"','name':'process_cpu','sampleType':'cpu','sampleUnit':'nanoseconds',"
		"'periodType':'cpu','periodUnit':'nanoseconds'},"
		"{'ID':'" COUNT
		"','name':'process_cpu','sampleType':'samples','sampleUnit':'count',"
		"'periodType':'cpu','periodUnit':'nanoseconds'}]}";

	querier_expect(*state, "ProfileTypes", "{}", both);
	querier_expect(*state, "ProfileTypes", "{" RANGE "}", both);
	querier_expect(*state, "ProfileTypes", "{" PAST "}", "{}");
}

static void lists_the_values_of_a_label(void **state)
{
	querier_expect(*state, "LabelValues", "{'name':'comm'," RANGE "}", "{'names':['api']}");
	querier_expect(*state, "LabelValues", "{'name':'comm'}", "{'names':['api']}");
	querier_expect(*state, "LabelValues", "{'name':'comm'," PAST "}", "{}");
	querier_expect(*state, "LabelValues", "{'name':'no_such'," RANGE "}", "{}");
	querier_expect_error(*state, "LabelValues", "{" RANGE "}", "invalid_argument", "name");
}

static void lists_the_values_of_a_label_of_types(void **state)
{
	querier_expect(*state, "LabelValues", "{'name':'__profile_type__'," RANGE "}",
		       "{'names':['" CPU "','" COUNT "']}");
	querier_expect(*state, "LabelValues",
		       "{'name':'__profile_type__','matchers':['{__type__=\\'cpu\\'}']," RANGE "}",
		       "{'names':['" CPU "']}");
	querier_expect(*state, "LabelValues", "{'name':'__unit__'," PAST "}", "{}");
}

static void lists_what_any_of_the_matchers_selects(void **state)
{
	static const struct {
		const char *matchers;
		bool selects;
	} examples[] = {
		{ "''", true },
		{ "'{}'", true },
		{ "'{comm=\\'api\\'}'", true },
		{ "'{\\'comm\\'=\\'api\\'}'", true },
		{ "'{comm=\\'no\\'}'", false },
		{ "'{comm=\\'no\\'}','{comm=~\\'a.*\\'}'", true },
		{ "'{__profile_type__=\\'" CPU "\\',comm=\\'api\\'}'", true },
		{ "'{__profile_type__=\\'a:b:c:d:e\\'}'", false },
		{ "'{__profile_type__!=\\'" CPU "\\',__type__!=\\'samples\\'}'", false },
		{ "'" CPU "{}'", true },
		{ "'" CPU "'", true },
		{ "' " COUNT "{comm=\\'api\\'}'", true },
		{ "'" CPU "{__type__=\\'samples\\'}'", false },
		{ "'a:b:c:d:e{}'", false },
		{ "'a:b:c:d:e:delta'", false },
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char question[512];

		snprintf(question, sizeof(question), "{'name':'comm','matchers':[%s]," RANGE "}",
			 examples[i].matchers);
		querier_expect(*state, "LabelValues", question,
			       examples[i].selects ? "{'names':['api']}" : "{}");
	}
}

/* Of names, all of which are sorted, and some of which are not private. */
static size_t count_private_names(struct store *store)
{
	unsigned int code;
	json_t *answer = querier_ask(store, &code, "LabelNames", "{" RANGE "}"), *name;
	const char *before = "";
	size_t i, n_private = 0;

	assert_int_equal(code, 200);
	json_array_foreach(json_object_get(answer, "names"), i, name)
	{
		assert_true(strcmp(before, json_string_value(name)) < 0);
		before = json_string_value(name);
		n_private += !strncmp(before, "__", 2);
	}
	assert_true(i > n_private);
	json_decref(answer);
	return n_private;
}

static void lists_the_names_of_labels(void **state)
{
	assert_int_equal(count_private_names(*state), 6); /* there is no service */
	querier_expect(*state, "LabelNames", "{" PAST "}", "{}");
}

static void says_what_is_wrong(void **state)
{
	querier_expect_error(*state, "LabelNames", "{'matchers':['{comm=api}']}",
			     "invalid_argument", "quoted value is missing");
	querier_expect_error(*state, "LabelNames", "{'matchers':['comm=\\'api\\'']}",
			     "invalid_argument", "{ is missing");
	querier_expect_error(*state, "LabelNames", "{'start':2,'end':1}", "invalid_argument",
			     "start");
	querier_expect_error(*state, "NoSuch", "{}", "unimplemented", "method");
	querier_expect_error(*state, "LabelNames", "[]", "invalid_argument", "JSON");
}

static void bounds_the_matchers(void **state)
{
	char question[4096] = "{'matchers':['{}'";

	for (int i = 0; i < 32; i++)
		strcat(question, ",'{}'");
	strcat(question, "]}");
	querier_expect_error(*state, "LabelNames", question, "invalid_argument", "matchers");
}

/* Pyroscope has it by two names. */
static void has_the_service_by_a_private_name_too(void **state)
{
	static const struct label labels[] = { { "comm", "db" }, { "service_name", "base" } };
	static const char base[] = "{'labels':[{'name':'__service_name__','value':'base'}]";
	struct store *store = store_fixture_new();
	char answer[256];

	(void)state;
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	store_fixture_add_other(store, labels, ARRAY_SIZE(labels));
	assert_int_equal(count_private_names(store), 7);
	querier_expect(store, "LabelValues", "{'name':'__service_name__'}", "{'names':['base']}");
	querier_expect(store, "LabelValues",
		       "{'name':'comm','matchers':['{__service_name__=\\'base\\'}']}",
		       "{'names':['db']}");
	snprintf(answer, sizeof(answer), "{'labelsSet':[%s}]}", base);
	querier_expect(store, "Series", "{'labelNames':['__service_name__']}", answer);
	snprintf(answer, sizeof(answer),
		 "{'series':[%s,'points':[{'value':1,'timestamp':'1700000000500'}]}]}", base);
	querier_expect(store, "SelectSeries",
		       "{'profileTypeID':'" COUNT
		       "','labelSelector':'{__service_name__!=\\'\\'}'," RANGE
		       ",'step':1,'groupBy':['__service_name__']}",
		       answer);
	store_free(store);
}

/* Times beyond all clocks are as far as clocks go. */
static void takes_any_time(void **state)
{
	querier_expect(*state, "LabelValues",
		       "{'name':'comm','start':'-9223372036854775808','end':'9223372036854775807'}",
		       "{'names':['api']}");
	querier_expect(*state, "LabelValues",
		       "{'name':'comm','start':'9223372036854775807','end':'9223372036854775807'}",
		       "{}");
}

/* What strangers call their processes comes out as it is, or as "?" where it is no text. */
static void writes_any_value(void **state)
{
	static const struct label comm = { "comm", "a\"b\\c\n</script>\xff\x01" };
	struct store *store = store_fixture_new();

	(void)state;
	store_fixture_add_other(store, &comm, 1);
	querier_expect(store, "LabelValues", "{'name':'comm'}",
		       "{'names':['a\\'b\\\\c\\n</script>?\\u0001']}");
	querier_expect(store, "LabelValues",
		       "{'name':'comm','matchers':['{comm=\\'a\\\\\\'b\\\\\\\\c\\\\n</"
		       "script>?\\u0001\\'}']}",
		       "{'names':['a\\'b\\\\c\\n</script>?\\u0001']}");
	store_free(store);
}

static void tells_from_when_to_when_there_are_samples(void **state)
{
	struct store *empty = store_fixture_new_empty(1 << 20);

	querier_expect(*state, "GetProfileStats", "{}",
		       "{'dataIngested':true,'oldestProfileTime':'1700000000000',"
		       "'newestProfileTime':'1700000000000'}");
	querier_expect(empty, "GetProfileStats", "{}", "{}");
	store_free(empty);
}

static void tells_from_when_there_is_history(void **state)
{
	static const char expected[] = "\"oldestProfileTime\":\"1600000000000\"";
	static const char newest[] = "\"newestProfileTime\":\"1700000000000\"";
	struct request request = { .method = METHOD_POST, .content_type = ANSWER_JSON };
	struct site site = {
		.store = *state,
		.query_cpu_ns = QUERY_CPU_NS,
		.query_bytes = QUERY_BYTES,
	};

	assert_int_equal(request_set_target(&request, "/querier.v1.QuerierService/GetProfileStats"),
			 0);
	request_add_body(&request, "{}", 2);
	request.status.store.oldest_unix_ns = FIXTURE_START_NS;
	request.status.history.oldest_unix_s = 1600000000;
	request.status.history.newest_unix_s = 1800000000; /* which has gone since */
	route_begin(&request, &site);
	request.work(&request, &site);
	assert_non_null(memmem(request.answer.body.data, request.answer.body.size, expected,
			       strlen(expected)));
	assert_non_null(
		memmem(request.answer.body.data, request.answer.body.size, newest, strlen(newest)));
	request_fini(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_types_of_which_there_are_samples),
		cmocka_unit_test(lists_the_values_of_a_label),
		cmocka_unit_test(lists_the_values_of_a_label_of_types),
		cmocka_unit_test(lists_what_any_of_the_matchers_selects),
		cmocka_unit_test(lists_the_names_of_labels),
		cmocka_unit_test(has_the_service_by_a_private_name_too),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(bounds_the_matchers),
		cmocka_unit_test(takes_any_time),
		cmocka_unit_test(writes_any_value),
		cmocka_unit_test(tells_from_when_to_when_there_are_samples),
		cmocka_unit_test(tells_from_when_there_is_history),
	};

	return cmocka_run_group_tests_name("querier labels", tests, set_up, tear_down);
}
