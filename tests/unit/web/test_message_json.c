/* SPDX-License-Identifier: Apache-2.0 */
#include "web/message_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "web/querier.pb-c.h"

static void message_free(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}

static int try_to_read(const char *json, ProtobufCMessage **ret_message, char error[256])
{
	const struct buffer text = { .data = (char *)(uintptr_t)json, .size = strlen(json) };

	*ret_message = NULL;
	error[0] = '\0';
	return message_from_json(&querier__select_merge_stacktraces_request__descriptor, &text,
				 ret_message, error, 256);
}

static ProtobufCMessage *read_question(const char *json)
{
	ProtobufCMessage *message;
	char error[256];

	if (try_to_read(json, &message, error) != 0)
		fail_msg("%s: %s", json, error);
	return message;
}

static void assert_refused(const char *json, const char *sentence)
{
	ProtobufCMessage *message;
	char error[256];

	assert_int_equal(try_to_read(json, &message, error), -EINVAL);
	assert_null(message);
	if (!strstr(error, sentence))
		fail_msg("%s: %s", json, error);
}

/* What @json has become, as protobuf reads it, in JSON. */
static void assert_becomes(const char *json, const char *expected)
{
	_cleanup_(message_free) ProtobufCMessage *message = read_question(json);
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	message_append_json(message, &out);
	buffer_append_char(&out, '\0');
	assert_int_equal(buffer_error(&out), 0);
	assert_string_equal(out.data, expected);
}

static void reads_either_form_of_a_name(void **state)
{
	(void)state;
	assert_becomes("{\"profileTypeID\":\"a\",\"label_selector\":\"{}\"}",
		       "{\"profileTypeID\":\"a\",\"labelSelector\":\"{}\"}");
	assert_becomes("{\"profile_typeID\":\"a\",\"labelSelector\":\"{}\"}",
		       "{\"profileTypeID\":\"a\",\"labelSelector\":\"{}\"}");
}

static void reads_integers_as_numbers_and_strings(void **state)
{
	(void)state;
	assert_becomes("{\"start\":12,\"end\":\"-13\",\"maxNodes\":1e3}",
		       "{\"start\":\"12\",\"end\":\"-13\",\"maxNodes\":\"1000\"}");
	assert_becomes("{\"start\":\"9223372036854775807\",\"end\":-9223372036854775808}",
		       "{\"start\":\"9223372036854775807\",\"end\":\"-9223372036854775808\"}");
	assert_becomes("{\"format\":\"PROFILE_FORMAT_TREE\"}", "{\"format\":2}");
	assert_becomes("{\"format\":1}", "{\"format\":1}");
}

static void leaves_out_zeros_and_what_it_does_not_know(void **state)
{
	(void)state;
	assert_becomes("{}", "{}");
	assert_becomes("{\"start\":0,\"end\":null,\"labelSelector\":\"\",\"no such\":[{\"a\":1}]}",
		       "{}");
	assert_becomes("{\"profileIdSelector\":[],\"format\":0}", "{}");
}

static void reads_messages_in_messages(void **state)
{
	(void)state;
	assert_becomes("{\"stackTraceSelector\":{\"callSite\":[{\"name\":\"a\"},{}],"
		       "\"go_pgo\":{\"keepLocations\":5,\"aggregateCallees\":true}}}",
		       "{\"stackTraceSelector\":{\"callSite\":[{\"name\":\"a\"},{}],"
		       "\"goPgo\":{\"keepLocations\":5,\"aggregateCallees\":true}}}");
}

static void makes_what_protobuf_can_pack(void **state)
{
	_cleanup_(message_free) ProtobufCMessage *message =
		read_question("{\"profileIdSelector\":[\"a\",\"\\u00e9\\n\"],\"start\":1}");
	const Querier__SelectMergeStacktracesRequest *read =
		(const Querier__SelectMergeStacktracesRequest *)message;
	uint8_t bytes[64];

	(void)state;
	assert_int_equal(read->n_profile_id_selector, 2);
	assert_string_equal(read->profile_id_selector[1], "\xc3\xa9\n");
	assert_int_equal(protobuf_c_message_pack(message, bytes), 10);
	assert_memory_equal(bytes, "\x18\x01\x42\x01\x61\x42\x03\xc3\xa9\n", 10);
}

static void writes_doubles_that_can_be_read_back(void **state)
{
	Querier__Point point = QUERIER__POINT__INIT;
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	point.value = 0.1;
	point.timestamp = 5;
	message_append_json(&point.base, &out);
	buffer_append_char(&out, '\0');
	assert_string_equal(out.data, "{\"value\":0.10000000000000001,\"timestamp\":\"5\"}");
}

static void says_what_does_not_fit(void **state)
{
	static const struct {
		const char *json, *sentence;
	} examples[] = {
		{ "", "no JSON" },
		{ "[]", "no JSON object" },
		{ "{\"start\":1", "no JSON" },
		{ "{\"start\":1}x", "no JSON" },
		{ "{\"start\":\"1x\"}", "start is not of its type" },
		{ "{\"start\":\"\"}", "start is not of its type" },
		{ "{\"start\":\" 1\"}", "start is not of its type" },
		{ "{\"start\":1.5}", "start is not of its type" },
		{ "{\"start\":1e300}", "start is not of its type" },
		{ "{\"start\":\"9223372036854775808\"}", "start is not of its type" },
		{ "{\"start\":9223372036854775808}", "no JSON" },
		{ "{\"start\":true}", "start is not of its type" },
		{ "{\"labelSelector\":1}", "label_selector is not of its type" },
		{ "{\"labelSelector\":\"\\u0000\"}", "no JSON" },
		{ "{\"labelSelector\":\"\xff\"}", "no JSON" },
		{ "{\"format\":\"NO_SUCH\"}", "format is not of its type" },
		{ "{\"profileIdSelector\":{}}", "profile_id_selector is no list" },
		{ "{\"profileIdSelector\":[\"a\",null]}", "profile_id_selector is not" },
		{ "{\"stackTraceSelector\":[]}", "stack_trace_selector is not of its type" },
		{ "{\"stackTraceSelector\":{\"goPgo\":{\"keepLocations\":-1}}}", "keep_locations" },
		{ "{\"labelSelector\":\"a\",\"label_selector\":\"b\"}", "there twice" },
		{ "{\"profileIdSelector\":[\"a\"],\"profile_id_selector\":[\"b\"]}",
		  "there twice" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		assert_refused(examples[i].json, examples[i].sentence);
}

static void is_not_harmed_by_depth(void **state)
{
	_cleanup_(buffer_fini) struct buffer deep = { 0 };

	(void)state;
	buffer_append_string(&deep, "{\"x\":");
	for (int i = 0; i < 100000; i++)
		buffer_append_char(&deep, '[');
	buffer_append_char(&deep, '\0');
	assert_refused(deep.data, "maximum parsing depth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_either_form_of_a_name),
		cmocka_unit_test(reads_integers_as_numbers_and_strings),
		cmocka_unit_test(leaves_out_zeros_and_what_it_does_not_know),
		cmocka_unit_test(reads_messages_in_messages),
		cmocka_unit_test(makes_what_protobuf_can_pack),
		cmocka_unit_test(writes_doubles_that_can_be_read_back),
		cmocka_unit_test(says_what_does_not_fit),
		cmocka_unit_test(is_not_harmed_by_depth),
	};

	return cmocka_run_group_tests_name("message JSON", tests, NULL, NULL);
}
