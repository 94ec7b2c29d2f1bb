/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/container_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"
#include "profiler/container_list.h"

#define ID  "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define ID2 "34dc0b5e626f2c5c4c5170e34b10e7654ce36f0fcd532739f4445baabea03376"
#define UID "7d4424e6-bb13-42f4-a47a-45a4828bf54d"
#define POD "P" UID "\0web-1\0shop\0Lpod_label_app\0web\0Lpod_label_tier\0front\0"

DEFINE_CLEANUP(struct container_table *, container_table_free)

/* A text with NULs in it, but without the last one, which C puts there. */
#define TAKE(table, records) container_table_take(table, records, sizeof(records) - 1)

static struct container_table *new_table(size_t max_bytes)
{
	struct container_table *table = NULL;

	assert_int_equal(container_table_new(max_bytes, &table), 0);
	return table;
}

/* What is known of a cgroup: "container pod namespace name=value,…". Returns its change. */
static uint64_t expect(struct container_table *table, const char *cgroup, const char *expected)
{
	struct container_facts facts;
	struct cgroup_path path;
	char text[512];
	uint64_t change;
	int length;

	cgroup_path_parse(cgroup, &path);
	change = container_table_find(table, &path, &facts);
	length = snprintf(text, sizeof(text), "%s %s %s ", facts.container, facts.pod,
			  facts.namespace);
	for (size_t i = 0; i < facts.n_labels; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "%s=%s,",
				   facts.labels[i].name, facts.labels[i].value);
	assert_string_equal(text, expected);
	return change;
}

static void finds_a_container_and_its_pod(void **state)
{
	_cleanup_(container_table_freep) struct container_table *table = new_table(1 << 20);
	struct container_table_status status;

	(void)state;
	assert_int_equal(expect(table, "/kubepods/pod" UID "/" ID, "   "), 0);
	assert_int_equal(TAKE(table, POD "C" ID "\0app\0" UID "\0"), 0);
	expect(table, "/kubepods/pod" UID "/" ID,
	       "app web-1 shop pod_label_app=web,pod_label_tier=front,");
	expect(table, "/kubepods/pod" UID "/" ID2,
	       " web-1 shop pod_label_app=web,pod_label_tier=front,");
	expect(table, "/../cri-containerd-" ID ".scope", /* seen from beside it */
	       "app web-1 shop pod_label_app=web,pod_label_tier=front,");
	expect(table, "/system.slice/ssh.service", "   ");
	container_table_get_status(table, &status);
	assert_int_equal(status.n_pods, 1);
	assert_int_equal(status.n_containers, 1);
}

static void only_what_is_new_is_a_change(void **state)
{
	_cleanup_(container_table_freep) struct container_table *table = new_table(1 << 20);
	uint64_t first, second;

	(void)state;
	assert_int_equal(TAKE(table, POD "C" ID "\0app\0" UID "\0"), 0);
	first = container_table_change(table);
	assert_int_equal(TAKE(table, POD "C" ID "\0app\0" UID "\0"), 0);
	assert_int_equal(container_table_change(table), first);
	assert_int_equal(TAKE(table, "P" UID "\0web-1\0shop\0Lpod_label_app\0api\0"), 0);
	second = expect(table, "/kubepods/pod" UID "/" ID, "app web-1 shop pod_label_app=api,");
	assert_true(second > first);
	assert_int_equal(container_table_change(table), second);
	assert_int_equal(TAKE(table, "C" ID2 "\0other\0\0"), 0);
	assert_int_equal(
		expect(table, "/kubepods/pod" UID "/" ID, "app web-1 shop pod_label_app=api,"),
		second);
}

static void remembers_whom_it_was_asked_for(void **state)
{
	_cleanup_(container_table_freep) struct container_table *table = new_table(1 << 20);

	(void)state;
	assert_true(container_table_note(table, UID));
	assert_false(container_table_note(table, UID));
	assert_false(container_table_knows(table, UID));
	assert_int_equal(TAKE(table, POD), 0);
	assert_true(container_table_knows(table, UID));
	assert_false(container_table_note(table, UID));
}

/* Goes on as far as the first pod. */
static bool on_unknown(void *context, const char *key)
{
	buffer_printf(context, "%s,", key);
	return strcmp(key, UID) != 0;
}

static void tells_whom_it_does_not_know(void **state)
{
	_cleanup_(container_table_freep) struct container_table *table = new_table(1 << 20);
	_cleanup_(buffer_fini) struct buffer keys = { 0 };

	(void)state;
	assert_true(container_table_note(table, ID));
	assert_true(container_table_each_unknown(table, on_unknown, &keys));
	assert_true(container_table_note(table, UID));
	assert_false(container_table_each_unknown(table, on_unknown, &keys));
	assert_int_equal(TAKE(table, POD), 0);
	assert_true(container_table_each_unknown(table, on_unknown, &keys));
	buffer_append_char(&keys, '\0');
	assert_string_equal(keys.data, ID "," ID "," UID "," ID ",");
}

static void what_was_not_used_leaves_first(void **state)
{
	_cleanup_(container_table_freep) struct container_table *table = new_table(64 << 10);
	_cleanup_(buffer_fini) struct buffer records = { 0 };
	struct container_table_status status;

	(void)state;
	assert_int_equal(TAKE(table, POD "C" ID "\0app\0\0"), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		records.size = 0;
		buffer_printf(&records, "C%064x%cname%c%c", i, 0, 0, 0);
		assert_int_equal(container_table_take(table, records.data, records.size), 0);
		expect(table, "/docker/" ID, "app   ");
	}
	assert_false(container_table_knows(table, UID));
	container_table_get_status(table, &status);
	assert_int_equal(status.n_pods, 0);
	assert_in_range(status.n_containers, 100, 400);
	assert_int_equal(status.n_evicted, 1002 - status.n_containers);
}

static void refuses_what_is_no_record(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} records[] = {
#define RECORDS(text) { text, sizeof(text) - 1 }
		RECORDS("X"),
		RECORDS("P"),
		RECORDS("P" UID "\0web\0"),
		RECORDS("P" UID "\0web\0shop"),
		RECORDS("P" UID "\0\0shop\0"),
		RECORDS("P../..\0web\0shop\0"),
		RECORDS("P" ID "\0web\0shop\0"),
		RECORDS("C" UID "\0web\0\0"),
		RECORDS("P" UID "\0web\0shop\0Lpod_label_a\0"),
		RECORDS("P" UID "\0web\0shop\0Lpod_label_a-b\0v\0"),
		RECORDS("P" UID "\0web\0shop\0Lservice_name\0v\0"),
		RECORDS("C" ID "\0web\0\0Lpod_label_a\0v\0"),
	};
	_cleanup_(container_table_freep) struct container_table *table = new_table(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		assert_int_equal(container_table_take(table, records[i].bytes, records[i].size),
				 -EBADMSG);
	assert_false(container_table_knows(table, UID));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_container_and_its_pod),
		cmocka_unit_test(only_what_is_new_is_a_change),
		cmocka_unit_test(remembers_whom_it_was_asked_for),
		cmocka_unit_test(tells_whom_it_does_not_know),
		cmocka_unit_test(what_was_not_used_leaves_first),
		cmocka_unit_test(refuses_what_is_no_record),
	};

	return cmocka_run_group_tests_name("container_table", tests, NULL, NULL);
}
