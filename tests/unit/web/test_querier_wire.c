/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The querier's messages to the byte: what Grafana's plug-in sends, and what it reads. Numbers of
 * fields are written down here once more, from Pyroscope's api/querier/v1/querier.proto and
 * api/types/v1/types.proto: all other tests take them from web/querier.proto, so that a wrong one
 * would be on both sides.
 *
 * A field begins with its number * 8 + its wire type: 0 is a varint, 1 eight bytes, and 2 a length
 * with so many bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

/* clang-format off */
#define CPU_ID       "\x2b" "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define COUNT_ID     "\x29" "process_cpu:samples:count:cpu:nanoseconds"
#define START        "\x80\xd0\x95\xff\xbc\x31" /* 1700000000000 ms */
#define TEN_S_LATER  "\x90\x9e\x96\xff\xbc\x31"
#define DOUBLE_2     "\x00\x00\x00\x00\x00\x00\x00\x40"
#define DOUBLE_10    "\x00\x00\x00\x00\x00\x00\x24\x40"
/* clang-format on */

struct bytes {
	const char *data;
	size_t size;
};
#define BYTES(literal)                                                                             \
	(struct bytes)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

/* In the second from START on "api" has two samples, "db" one; "api" has one more much later. */
static int set_up(void **state)
{
	static const struct label comm = { "comm", "db" };
	struct store *store = store_fixture_new();

	store_fixture_add_other(store, &comm, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS + 100 * NS_PER_SECOND),
			 1);
	*state = store;
	return 0;
}

static int tear_down(void **state)
{
	store_free(*state);
	return 0;
}

static void expect(struct store *store, const char *method, struct bytes question,
		   struct bytes answer)
{
	struct site site = { .store = store,
			     .query_cpu_ns = QUERY_CPU_NS,
			     .query_bytes = QUERY_BYTES };
	struct request request = { .method = METHOD_POST, .content_type = "application/proto" };
	char path[128];

	snprintf(path, sizeof(path), "/querier.v1.QuerierService/%s", method);
	assert_int_equal(request_set_target(&request, path), 0);
	request_add_body(&request, question.data, question.size);
	route_begin(&request, &site);
	request.work(&request, &site);
	assert_int_equal(request.answer.code, 200);
	assert_string_equal(request.answer.media_type, "application/proto");
	assert_int_equal(request.answer.body.size, answer.size);
	assert_memory_equal(request.answer.body.data, answer.data, answer.size);
	request_fini(&request);
}

/* A field a line, and those of a message within it farther in. */
/* clang-format off */

static void tells_types(void **state)
{
	expect(*state, "ProfileTypes", BYTES(""), BYTES(
		"\x0a\x5e"
			"\x0a" CPU_ID
			"\x12\x0b" "process_cpu"
			"\x22\x03" "cpu"
			"\x2a\x0b" "nanoseconds"
			"\x32\x03" "cpu"
			"\x3a\x0b" "nanoseconds"
		"\x0a\x5a"
			"\x0a" COUNT_ID
			"\x12\x0b" "process_cpu"
			"\x22\x07" "samples"
			"\x2a\x05" "count"
			"\x32\x03" "cpu"
			"\x3a\x0b" "nanoseconds"));
}

static void tells_values_of_a_label(void **state)
{
	expect(*state, "LabelValues", BYTES(
		"\x0a\x04" "comm"
		"\x12\x0d" "{comm!=\"api\"}"
		"\x18" START
		"\x20" TEN_S_LATER), BYTES(
		"\x0a\x02" "db"));
}

static void tells_series(void **state)
{
	expect(*state, "SelectSeries", BYTES(
		"\x0a" COUNT_ID
		"\x12\x02" "{}"
		"\x18" START
		"\x20" TEN_S_LATER
		"\x2a\x04" "comm" /* group by */
		"\x31" DOUBLE_10  /* step */
		"\x48\x01"        /* limit */), BYTES(
		"\x0a\x1f"
			"\x0a\x0b"
				"\x0a\x04" "comm"
				"\x12\x03" "api"
			"\x12\x10"
				"\x09" DOUBLE_2
				"\x10" TEN_S_LATER));
}

static void tells_bars(void **state)
{
	expect(*state, "SelectMergeStacktraces", BYTES(
		"\x0a" COUNT_ID
		"\x12\x0c" "{comm=\"api\"}"
		"\x18" START
		"\x20" TEN_S_LATER
		"\x28\x02" /* nodes at most */), BYTES(
		"\x0a\x4a"
			"\x0a\x05" "total"
			"\x0a\x0a" "api+0x1200"
			"\x0a\x0a" "api+0x1100"
			"\x0a\x05" "other"
			"\x12\x06" "\x0a\x04" "\x00\x02\x00\x00" /* offset, total, self, name */
			"\x12\x06" "\x0a\x04" "\x00\x02\x00\x01"
			"\x12\x06" "\x0a\x04" "\x00\x02\x00\x02"
			"\x12\x06" "\x0a\x04" "\x00\x02\x02\x03"
			"\x18\x02"    /* total */
			"\x20\x02")); /* largest self */
}

/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_types),
		cmocka_unit_test(tells_values_of_a_label),
		cmocka_unit_test(tells_series),
		cmocka_unit_test(tells_bars),
	};

	return cmocka_run_group_tests_name("querier wire", tests, set_up, tear_down);
}
