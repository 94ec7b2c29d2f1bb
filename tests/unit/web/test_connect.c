/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/gzip.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "web/querier.pb-c.h"
#include "web/request.h"

#define JSON  "application/json"
#define PROTO "application/proto"

static const char json[] = "{\"name\":\"comm\"}";
static const char proto[] = "\x0a\x04"
			    "comm";

static void message_free(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}

/* Read a question about values of a label, and expect that it is about "comm". */
static void expect_question(struct request *request, const void *body, size_t size)
{
	_cleanup_(message_free) ProtobufCMessage *message = NULL;

	request_add_body(request, body, size);
	message = connect_read(request, &querier__label_values_request__descriptor);
	assert_non_null(message);
	assert_string_equal(((Querier__LabelValuesRequest *)message)->name, "comm");
	assert_int_equal(request->answer.code, 0);
	request_fini(request);
}

/* Expect that the question is refused, with an error that @code names. */
static void expect_error(struct request *request, const void *body, size_t size,
			 unsigned int status, const char *code)
{
	const struct buffer *answer = &request->answer.body;

	request_add_body(request, body, size);
	assert_null(connect_read(request, &querier__label_values_request__descriptor));
	assert_int_equal(request->answer.code, status);
	assert_non_null(memmem(answer->data, answer->size, code, strlen(code)));
	request_fini(request);
}

static void reads_protobuf_and_json(void **state)
{
	(void)state;
	expect_question(&(struct request){ .content_type = JSON }, json, strlen(json));
	expect_question(&(struct request){ .content_type = "Application/JSON; charset=utf-8" },
			json, strlen(json));
	expect_question(&(struct request){ .content_type = PROTO, .connect_version = "1" }, proto,
			strlen(proto));
}

static void reads_what_is_compressed(void **state)
{
	struct request request = { .content_type = JSON, .content_encoding = "gzip" };
	_cleanup_(buffer_fini) struct buffer packed = { 0 };

	(void)state;
	assert_int_equal(gzip_append(&packed, json, strlen(json)), 0);
	expect_question(&request, packed.data, packed.size);
	expect_question(&(struct request){ .content_type = JSON, .content_encoding = "identity" },
			json, strlen(json));
}

static void takes_an_empty_body_for_an_empty_message(void **state)
{
	struct request request = { .content_type = PROTO, .content_encoding = "gzip" };
	_cleanup_(message_free) ProtobufCMessage *message = NULL;

	(void)state;
	message = connect_read(&request, &querier__label_values_request__descriptor);
	assert_non_null(message);
	request_fini(&request);
}

static void refuses_what_it_cannot_read(void **state)
{
	(void)state;
	expect_error(&(struct request){ 0 }, json, strlen(json), 415, PROTO);
	expect_error(&(struct request){ .content_type = "application/jsonx" }, json, strlen(json),
		     415, JSON);
	expect_error(&(struct request){ .content_type = JSON }, "{", 1, 400, "invalid_argument");
	expect_error(&(struct request){ .content_type = PROTO }, "\x0a\xff", 2, 400,
		     "invalid_argument");
	expect_error(&(struct request){ .content_type = JSON, .connect_version = "2" }, json,
		     strlen(json), 400, "Connect-Protocol-Version");
	expect_error(&(struct request){ .content_type = JSON, .content_encoding = "br" }, json,
		     strlen(json), 501, "unimplemented");
	expect_error(&(struct request){ .content_type = JSON, .content_encoding = "gzip" }, json,
		     strlen(json), 400, "gzip");
}

static void expands_no_more_than_a_question_may_be(void **state)
{
	struct request request = { .content_type = JSON, .content_encoding = "gzip" };
	_cleanup_(freep) char *spaces = malloc(2 * CONNECT_QUESTION_MAX);
	_cleanup_(buffer_fini) struct buffer packed = { 0 };

	(void)state;
	memset(spaces, ' ', 2 * CONNECT_QUESTION_MAX);
	assert_int_equal(gzip_append(&packed, spaces, 2 * CONNECT_QUESTION_MAX), 0);
	expect_error(&request, packed.data, packed.size, 429, "resource_exhausted");
}

/* A list of names, of about @bytes in all. */
static void answer(struct request *request, size_t bytes)
{
	Querier__LabelNamesResponse message = QUERIER__LABEL_NAMES_RESPONSE__INIT;
	_cleanup_(freep) char *name = calloc(1, bytes + 1);

	memset(name, 'n', bytes);
	message.names = &name;
	message.n_names = 1;
	connect_answer(request, &message.base);
}

static void answers_in_the_form_of_the_question(void **state)
{
	struct request request = { .content_type = JSON }, other = { .content_type = PROTO };

	(void)state;
	answer(&request, 2);
	assert_int_equal(request.answer.code, 200);
	assert_string_equal(request.answer.media_type, JSON);
	assert_int_equal(request.answer.body.size, strlen("{\"names\":[\"nn\"]}"));
	assert_memory_equal(request.answer.body.data, "{\"names\":[\"nn\"]}",
			    request.answer.body.size);
	request_fini(&request);
	answer(&other, 2);
	assert_string_equal(other.answer.media_type, PROTO);
	assert_int_equal(other.answer.body.size, 4);
	assert_memory_equal(other.answer.body.data, "\x0a\x02nn", 4);
	request_fini(&other);
}

static void compresses_large_answers_if_that_is_welcome(void **state)
{
	static const struct {
		const char *accepted;
		size_t bytes;
		bool is_compressed;
	} examples[] = {
		{ "gzip", 100000, true },          { "gzip", 10, false },
		{ "deflate, GZIP", 100000, true }, { "br;q=1.0, gzip;q=0.5", 100000, true },
		{ "gzip; q=0", 100000, false },    { "gzip;q=0.0, br", 100000, false },
		{ "identity", 100000, false },     { "x-gzip", 100000, false },
		{ NULL, 100000, false },           { "", 100000, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct request request = { .content_type = PROTO,
					   .accept_encoding = examples[i].accepted };

		answer(&request, examples[i].bytes);
		assert_int_equal(request.answer.code, 200);
		assert_int_equal(request.answer.n_headers, examples[i].is_compressed);
		assert_true(examples[i].is_compressed == (request.answer.body.size < 1000) ||
			    examples[i].bytes < 1000);
		request_fini(&request);
	}
}

static void says_errors_in_json(void **state)
{
	static const char expected[] = "{\"code\":\"internal\",\"message\":\"a \\\"b\\\"\"}\n";
	struct request request = { .content_type = PROTO };

	(void)state;
	answer(&request, 10);
	connect_fail(&request, CONNECT_INTERNAL, "a %s", "\"b\"");
	assert_int_equal(request.answer.code, 500);
	assert_string_equal(request.answer.media_type, JSON);
	assert_int_equal(request.answer.body.size, strlen(expected));
	assert_memory_equal(request.answer.body.data, expected, strlen(expected));
	request_fini(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_protobuf_and_json),
		cmocka_unit_test(reads_what_is_compressed),
		cmocka_unit_test(takes_an_empty_body_for_an_empty_message),
		cmocka_unit_test(refuses_what_it_cannot_read),
		cmocka_unit_test(expands_no_more_than_a_question_may_be),
		cmocka_unit_test(answers_in_the_form_of_the_question),
		cmocka_unit_test(compresses_large_answers_if_that_is_welcome),
		cmocka_unit_test(says_errors_in_json),
	};

	return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
