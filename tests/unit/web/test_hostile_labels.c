/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels that strangers chose, in every answer that has them: JSON parses, and says what they are;
 * strings of protobuf are UTF-8; metrics are lines of their format. The formats of profiles:
 * tests/unit/import/test_hostile_names.c.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/pprof.pb-c.h"
#include "http_client.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/store.h"
#include "profiler/utf8.h"
#include "web/answer.h"
#include "web/message_json.h"
#include "web/querier.pb-c.h"
#include "web_fixture.h"

#define QUERIER    "/querier.v1.QuerierService/"
#define LONG_BYTES 4096
#define FIRST      10 /* number of the first process, thread, file and stack */

static const char *hostile[] = {
	"\"quoted\" 'and' `more`",
	"two\nlines\r\nand\tcolumns",
	"back\\slash\\n\\u0041\\\"",
	"</script><script>alert(1)</script>",
	"\xff\xfe\x80 no UTF-8 \xc0\xaf\xed\xa0\x80",
	"\x1b[2J\x1b]0;title\x07\x7f",
	"turned \xe2\x80\xae, \xe2\x80\xa8separated",
	"\"} 1\npilotlight_forged_total{a=\"",
	"{comm=\"a\",}",
	NULL, /* 4 KB of all of it */
};

static struct web_fixture fixture;

static void add_process(struct store *store, uint32_t number, const char *text)
{
	char *valid = strdup(text); /* as the labeler leaves what services are called */
	const struct label labels[] = { { "cgroup", text },
					{ "comm", text },
					{ "exe", text },
					{ "service_name", valid },
					{ "team", text } };
	const struct store_process process = { number, number, labels, ARRAY_SIZE(labels) };
	const struct frame frame = { FRAME_NATIVE, number, 0x1000 };
	const struct sample sample = {
		.time_unix_ns = clock_unix_ns(),
		.value = 1000,
		.weight = 1,
		.thread = number,
		.stack = number,
	};

	utf8_sanitize(valid);
	assert_int_equal(store_add_file(store, number, text), 0);
	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, number, number, number, text), 0);
	assert_int_equal(store_add_stack(store, number, &frame, 1), 0);
	assert_int_equal(store_add_samples(store, &sample, 1), 1);
	free(valid);
}

static int set_up(void **state)
{
	static char text[LONG_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < LONG_BYTES; i++)
		text[i] = "<\";\n\xff\x1b\\a"[i % 8];
	hostile[ARRAY_SIZE(hostile) - 1] = text;
	web_fixture_init(&fixture);
	for (uint32_t i = 0; i < ARRAY_SIZE(hostile); i++)
		add_process(fixture.store, FIRST + i, hostile[i]);
	store_get_status(fixture.store, &fixture.status.store);
	web_fixture_start(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	web_fixture_fini(&fixture);
	return 0;
}

/* JSON as RFC 8259 has it, in UTF-8, of which every string is there. */
static json_t *parse(const struct reply *reply, const char *what)
{
	json_error_t error;
	json_t *json = json_loads(reply->body, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (reply->code != 200 || !json)
		fail_msg("%s: %d, %s: %s", what, reply->code, error.text, reply->body);
	for (size_t i = 0; i < reply->body_bytes; i++)
		assert_true((unsigned char)reply->body[i] >= ' ' || reply->body[i] == '\n');
	return json;
}

/* How many strings in @json are @text, with "?" or U+FFFD for what is no UTF-8. */
static size_t count_strings(const json_t *json, const char *text)
{
	size_t count = 0, i;
	const char *key;
	json_t *value;

	if (json_is_string(json))
		return strcmp(json_string_value(json), text) == 0;
	json_array_foreach((json_t *)(uintptr_t)json, i, value) count += count_strings(value, text);
	json_object_foreach((json_t *)(uintptr_t)json, key, value) count +=
		count_strings(value, text);
	return count;
}

static void assert_has_all(const json_t *json, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		char *text = strdup(hostile[i]);

		utf8_sanitize(text);
		if (!count_strings(json, text))
			fail_msg("%s has no %s", what, text);
		free(text);
	}
}

static void json_says_what_labels_are(void **state)
{
	static const struct {
		const char *target;
		bool has_all; /* of the labels' values */
	} routes[] = {
		{ "/api/v1/labels", false },
		{ "/api/v1/labels/team/values", true },
		{ "/api/v1/labels/thread/values", true },
		{ "/api/v1/labels/service_name/values", true },
		{ "/api/v1/series?from=now-1m", true },
		{ "/api/v1/timeline?from=now-1m&by=team&limit=100", true },
		{ "/api/v1/heatmap?from=now-1m", false },
		{ "/api/v1/top?from=now-1m", true },
		{ "/api/v1/builds?from=now-1m", false },
		{ "/api/v1/types", false },
		{ "/api/v1/status", false },
		{ "/api/v1/profile?from=now-1m&format=speedscope", false },
		{ "/api/v1/profile?from=now-1m&format=firefox", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		struct reply reply = client_ask(fixture.port, "GET", routes[i].target);
		json_t *json = parse(&reply, routes[i].target);

		if (routes[i].has_all)
			assert_has_all(json, routes[i].target);
		json_decref(json);
		reply_fini(&reply);
	}
}

static struct reply ask_querier(const char *method, const char *type, const void *question,
				size_t question_bytes)
{
	char *head;
	struct reply reply;
	int fd = client_connect(fixture.port);

	assert_true(asprintf(&head,
			     "POST " QUERIER "%s HTTP/1.1\r\nHost: localhost\r\n"
			     "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
			     method, type, question_bytes) > 0);
	client_send(fd, head);
	assert_int_equal(write(fd, question, question_bytes), question_bytes);
	free(head);
	reply = client_receive(fd, true);
	close(fd);
	return reply;
}

struct querier_question {
	const char *method;
	const ProtobufCMessageDescriptor *question, *answer;
	const char *parameters;
	bool has_all; /* of the labels' values */
};

static void check_json(const struct querier_question *asked, const char *text)
{
	struct reply reply = ask_querier(asked->method, ANSWER_JSON, text, strlen(text));
	json_t *json = parse(&reply, asked->method);

	if (asked->has_all)
		assert_has_all(json, asked->method);
	json_decref(json);
	reply_fini(&reply);
}

/* Whether every string in @message is UTF-8; readers of proto3 take no other. */
static bool is_utf8(const ProtobufCMessage *message)
{
	bool is_valid = true;

	for (unsigned int i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *const *items = (const void *)((const char *)message + field->offset);
		bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
		size_t n_items = 1;

		if (is_repeated)
			memcpy(&n_items, (const char *)message + field->quantifier_offset,
			       sizeof(n_items));
		if (is_repeated && n_items)
			items = *(const char *const *const *)items;
		for (size_t k = 0; k < n_items; k++)
			if (field->type == PROTOBUF_C_TYPE_STRING)
				is_valid &= utf8_is_valid(items[k]);
			else if (field->type == PROTOBUF_C_TYPE_MESSAGE && items[k])
				is_valid &= is_utf8((const void *)items[k]);
	}
	return is_valid;
}

static void check_protobuf(const struct querier_question *asked, const char *text)
{
	const struct buffer json = { .data = (char *)(uintptr_t)text, .size = strlen(text) };
	uint8_t packed[1024];
	ProtobufCMessage *message;
	struct reply reply;
	char error[256];

	assert_int_equal(message_from_json(asked->question, &json, &message, error, sizeof(error)),
			 0);
	assert_true(protobuf_c_message_get_packed_size(message) <= sizeof(packed));
	reply = ask_querier(asked->method, "application/proto", packed,
			    protobuf_c_message_pack(message, packed));
	protobuf_c_message_free_unpacked(message, NULL);
	assert_int_equal(reply.code, 200);
	assert_true(reply.body_bytes > 0);
	message = protobuf_c_message_unpack(asked->answer, NULL, reply.body_bytes,
					    (const uint8_t *)reply.body);
	assert_non_null(message);
	if (!is_utf8(message))
		fail_msg("%s answers what is no UTF-8", asked->method);
	protobuf_c_message_free_unpacked(message, NULL);
	for (size_t i = 0; asked->has_all && i < ARRAY_SIZE(hostile); i++) {
		char *value = strdup(hostile[i]);

		utf8_sanitize(value);
		assert_non_null(memmem(reply.body, reply.body_bytes, value, strlen(value)));
		free(value);
	}
	reply_fini(&reply);
}

#define QUESTION(name) &querier__##name##_request__descriptor
#define ANSWER(name)   &querier__##name##_response__descriptor

static void the_querier_says_what_labels_are(void **state)
{
	static const struct querier_question questions[] = {
		{ "LabelNames", QUESTION(label_names), ANSWER(label_names), "", false },
		{ "LabelValues", QUESTION(label_values), ANSWER(label_values), ",\"name\":\"team\"",
		  true },
		{ "Series", QUESTION(series), ANSWER(series), ",\"labelNames\":[\"team\"]", true },
		{ "SelectSeries", QUESTION(select_series), ANSWER(select_series),
		  ",\"groupBy\":[\"team\"],\"step\":15", true },
		{ "SelectMergeStacktraces", QUESTION(select_merge_stacktraces),
		  ANSWER(select_merge_stacktraces), "", false },
		{ "SelectMergeProfile", QUESTION(select_merge_profile), &pprof__profile__descriptor,
		  "", false },
		{ "Diff", QUESTION(diff), ANSWER(diff), "", false },
	};
	int64_t now_ms = clock_unix_ns() / NS_PER_MS;
	char range[256], text[1024];

	(void)state;
	snprintf(range, sizeof(range),
		 "\"profileTypeID\":\"process_cpu:cpu:nanoseconds:cpu:nanoseconds\","
		 "\"labelSelector\":\"{}\",\"start\":%lld,\"end\":%lld",
		 (long long)now_ms - 60000, (long long)now_ms + 30000);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		/* Of which each method knows its part. */
		snprintf(text, sizeof(text), "{%s,\"left\":{%s},\"right\":{%s}%s}", range, range,
			 range, questions[i].parameters);
		check_json(&questions[i], text);
		check_protobuf(&questions[i], text);
	}
}

/* name{label="value",…} number: a value has neither a quote nor the end of a line in it. */
static void assert_is_sample(const char *line)
{
	size_t name_length = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");
	const char *at = line + name_length;
	char *end;

	assert_true(name_length > 0);
	if (*at == '{') {
		for (at++; *at != '}'; at += *at == ',') {
			at += strspn(at, "abcdefghijklmnopqrstuvwxyz_");
			assert_memory_equal(at, "=\"", 2);
			for (at += 2; *at != '"'; at++) {
				at += *at == '\\';
				assert_true(*at != '\0');
			}
			at++;
		}
		at++;
	}
	assert_int_equal(*at, ' ');
	(void)strtod(at + 1, &end);
	assert_int_equal(*end, '\0');
}

static void metrics_are_lines_of_their_format(void **state)
{
	struct reply reply = client_ask(fixture.port, "GET", "/metrics");
	size_t n_services = 0;
	char *rest = reply.body, *line;

	(void)state;
	assert_int_equal(reply.code, 200);
	assert_true(utf8_is_valid(reply.body));
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '#' || !*line)
			continue;
		assert_is_sample(line);
		n_services += !strncmp(line, "pilotlight_service_cpu_seconds_total{", 37);
		assert_true(strncmp(line, "pilotlight_forged", 17) != 0);
	}
	assert_int_equal(n_services, ARRAY_SIZE(hostile) + 2); /* and "other", and "api" */
	reply_fini(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_says_what_labels_are),
		cmocka_unit_test(the_querier_says_what_labels_are),
		cmocka_unit_test(metrics_are_lines_of_their_format),
	};

	return cmocka_run_group_tests_name("hostile_labels", tests, set_up, tear_down);
}
