/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/container_list.h"

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

#define ID  "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define ID2 "34dc0b5e626f2c5c4c5170e34b10e7654ce36f0fcd532739f4445baabea03376"
#define UID "7d4424e6-bb13-42f4-a47a-45a4828bf54d"

/* What a kubelet says of one pod, with what it says besides. */
#define POD(metadata, status)                                                                      \
	"{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"uid\":\"" UID "\"" metadata    \
	"},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"app\"}]},\"status\":{" status \
	"}}"
#define LIST(pods)                                                                                 \
	"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[" pods "]}"

static int parse(const char *json, size_t size, struct buffer *ret_records,
		 struct container_list_report *ret_report)
{
	_cleanup_(freep) char *copy = malloc(size + 1);

	assert_non_null(copy);
	memcpy(copy, json, size);
	copy[size] = '\0';
	return container_list_parse(copy, size, ret_records, ret_report);
}

/* The records of @json, with | in place of NUL. */
static struct container_list_report expect(const char *json, const char *expected)
{
	_cleanup_(buffer_fini) struct buffer records = { 0 };
	struct container_list_report report;

	assert_int_equal(parse(json, strlen(json), &records, &report), 0);
	for (size_t i = 0; i < records.size; i++)
		if (!records.data[i])
			records.data[i] = '|';
	buffer_append_char(&records, '\0');
	assert_string_equal(records.data, expected);
	return report;
}

static void knows_pods_and_their_containers(void **state)
{
	static const char json[] = LIST(
		POD(",\"labels\":{\"app\":\"web\",\"app.kubernetes.io/part-of\":\"shop\"}",
		    "\"phase\":\"Running\",\"initContainerStatuses\":[{\"name\":\"init\","
		    "\"containerID\":\"containerd://" ID2 "\"}],"
		    "\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"containerd://" ID
		    "\"}]"));
	struct container_list_report report;

	(void)state;
	report = expect(json, "P" UID "|web-1|shop|Lpod_label_app|web|"
			      "Lpod_label_app_kubernetes_io_part_of|shop|"
			      "C" ID2 "|init|" UID "|C" ID "|app|" UID "|");
	assert_int_equal(report.n_pods, 1);
	assert_int_equal(report.n_containers, 2);
	assert_int_equal(report.n_damaged + report.n_labels_lost, 0);
}

static void knows_what_a_container_was_before_it_was_started_anew(void **state)
{
	(void)state;
	expect(LIST(POD("", "\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"cri-o://" ID
			    "\",\"lastState\":{\"terminated\":{\"containerID\":\"cri-o://" ID2
			    "\"}}}]")),
	       "P" UID "|web-1|shop|C" ID2 "|app|" UID "|C" ID "|app|" UID "|");
}

static void one_that_waits_has_no_container_yet(void **state)
{
	struct container_list_report report;

	(void)state;
	report =
		expect(LIST(POD("", "\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"\","
				    "\"state\":{\"waiting\":{}}},{\"name\":\"b\"}]")),
		       "P" UID "|web-1|shop|");
	assert_int_equal(report.n_damaged, 0);
}

/* By the API server, it has another uid than its cgroup. */
static void calls_a_static_pod_by_the_hash_of_its_file(void **state)
{
	(void)state;
	expect(LIST(POD(",\"annotations\":{\"kubernetes.io/config.mirror\":"
			"\"0123456789abcdef0123456789abcdef\"}",
			"")),
	       "P0123456789abcdef0123456789abcdef|web-1|shop|");
}

static void takes_one_pod_and_no_pods(void **state)
{
	(void)state;
	expect(POD("", ""), "P" UID "|web-1|shop|");
	expect(LIST(""), "");
	expect("{\"kind\":\"PodList\",\"metadata\":{},\"items\":null}", "");
}

static void counts_what_is_none(void **state)
{
	struct container_list_report report;

	(void)state;
	report = expect(
		"{\"items\":[{},7,{\"metadata\":{\"name\":\"a\",\"uid\":\"../etc\"}},"
		"{\"metadata\":{\"uid\":\"" UID "\"}}," POD(
			"",
			"\"containerStatuses\":[{"
			"\"name\":\"app\",\"containerID\":\"docker://zz\"},{\"containerID\":\"" ID
			"\"}]") "]}",
		"P" UID "|web-1|shop|");
	assert_int_equal(report.n_damaged, 6);
	assert_int_equal(report.n_pods, 1);
}

static void values_may_be_anything(void **state)
{
	(void)state;
	expect(LIST(POD(",\"labels\":{\"a\":\"\\\"\\n\\\\\",\"b\":\"\xff\xc3\",\"c\":7,\"d\":\"\","
			"\"\":\"x\",\"e\\u00e9/-\":\"\\u0000x\",\"f\":\"f\\u0000x\"}",
			"")),
	       "P" UID "|web-1|shop|Lpod_label_a|\"\n\\|Lpod_label_b|??|Lpod_label_f|f|");
}

static void cuts_what_is_too_long_and_counts_what_is_too_much(void **state)
{
	_cleanup_(buffer_fini) struct buffer json = { 0 }, records = { 0 };
	struct container_list_report report;
	const char *value;

	(void)state;
	buffer_append_string(&json, "{\"items\":[{\"metadata\":{\"name\":\"a\",\"uid\":\"" UID
				    "\",\"labels\":{\"l0\":\"");
	for (int i = 0; i < 4096; i++)
		buffer_append_char(&json, 'x');
	buffer_append_char(&json, '"');
	for (int i = 1; i < 60; i++)
		buffer_printf(&json, ",\"l%d\":\"v\"", i);
	buffer_append_string(&json, "}}}]}");
	assert_int_equal(parse(json.data, json.size, &records, &report), 0);
	assert_int_equal(report.n_labels_lost, 60 - POD_MAX_LABELS);
	value = memmem(records.data, records.size, "pod_label_l0", 12);
	assert_non_null(value);
	assert_int_equal(strlen(value + 13), 2048);
}

static void knows_the_name_of_a_container_of_docker(void **state)
{
	(void)state;
	expect("{\"StreamConfig\":{},\"State\":{\"Running\":true},\"ID\":\"" ID
	       "\",\"Config\":{\"Labels\":{\"a\":\"b\"}},\"Name\":\"/shop-web-1\"}",
	       "C" ID "|shop-web-1||");
	expect("{\"ID\":\"" ID "\",\"Name\":\"/k8s_app_web-1_shop_" UID "_0\"}", "");
}

static void knows_the_names_of_containers_of_podman(void **state)
{
	(void)state;
	expect("[{\"id\":\"" ID "\",\"names\":[\"web\",\"other\"],\"image\":\"x\",\"metadata\":"
	       "\"{}\"},{\"id\":\"" ID2 "\",\"names\":[\"db\"]}]",
	       "C" ID "|web||C" ID2 "|db||");
}

static void refuses_what_is_no_list(void **state)
{
	static const char *const texts[] = { "",          "{",         "7",    "\"items\"",
					     "{}",        "{\"a\":1}", "[1,2", "<html></html>",
					     "{\"ID\":7}" };
	_cleanup_(buffer_fini) struct buffer records = { 0 };
	struct container_list_report report;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], strlen(texts[i]), &records, &report), -EBADMSG);
	assert_int_equal(records.size, 0);
}

static void ends_at_its_bound(void **state)
{
	static const char json[] = LIST(POD("", ""));
	_cleanup_(buffer_fini) struct buffer records = { .limit = 40 };
	struct container_list_report report;

	(void)state;
	assert_int_equal(parse(json, strlen(json), &records, &report), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_pods_and_their_containers),
		cmocka_unit_test(knows_what_a_container_was_before_it_was_started_anew),
		cmocka_unit_test(one_that_waits_has_no_container_yet),
		cmocka_unit_test(calls_a_static_pod_by_the_hash_of_its_file),
		cmocka_unit_test(takes_one_pod_and_no_pods),
		cmocka_unit_test(counts_what_is_none),
		cmocka_unit_test(values_may_be_anything),
		cmocka_unit_test(cuts_what_is_too_long_and_counts_what_is_too_much),
		cmocka_unit_test(knows_the_name_of_a_container_of_docker),
		cmocka_unit_test(knows_the_names_of_containers_of_podman),
		cmocka_unit_test(refuses_what_is_no_list),
		cmocka_unit_test(ends_at_its_bound),
	};

	return cmocka_run_group_tests_name("container_list", tests, NULL, NULL);
}
