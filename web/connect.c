/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/gzip.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/query_budget.h"
#include "web/json_text.h"
#include "web/message_json.h"
#include "web/request.h"
#include "web/site.h"

#define PROTO              "application/proto"
#define SENTENCE_MAX_BYTES 1024
#define WORTH_GZIP_BYTES   1024 /* an answer that fits into a packet is not compressed */

static const struct {
	const char *name;
	unsigned int status;
} codes[CONNECT_CODE_COUNT] = {
	[CONNECT_INVALID_ARGUMENT] = { "invalid_argument", 400 },
	[CONNECT_RESOURCE_EXHAUSTED] = { "resource_exhausted", 429 },
	[CONNECT_UNIMPLEMENTED] = { "unimplemented", 501 },
	[CONNECT_INTERNAL] = { "internal", 500 },
	[CONNECT_UNAVAILABLE] = { "unavailable", 503 },
};

/* Whether a header's @value is @type, whatever its parameters are. */
static bool media_type_is(const char *value, const char *type)
{
	size_t length = strlen(type);

	return value && !strncasecmp(value, type, length) && strchr("; \t", value[length]);
}

static bool request_is_json(const struct request *request)
{
	return media_type_is(request->content_type, ANSWER_JSON);
}

void connect_fail(struct request *request, enum connect_code code, const char *format, ...)
{
	struct answer *answer = &request->answer;
	char sentence[SENTENCE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	answer_fini(answer);
	buffer_printf(&answer->body, "{\"code\":\"%s\",\"message\":", codes[code].name);
	json_text_append_string(&answer->body, sentence);
	buffer_append_string(&answer->body, "}\n");
	answer_finish(answer, ANSWER_JSON);
	if (answer->code == 200)
		answer->code = codes[code].status;
}

static bool head_is_good(struct request *request)
{
	const char *version = request->connect_version, *encoding = request->content_encoding;

	if (!request_is_json(request) && !media_type_is(request->content_type, PROTO)) {
		answer_fail(&request->answer, 415, "the body must be " PROTO " or " ANSWER_JSON);
		answer_add_header(&request->answer, "Accept-Post", PROTO ", " ANSWER_JSON);
	} else if (version && strcmp(version, "1") != 0) {
		connect_fail(request, CONNECT_INVALID_ARGUMENT,
			     "Connect-Protocol-Version is not 1, the only version there is");
	} else if (encoding && strcmp(encoding, "gzip") != 0 && strcmp(encoding, "identity") != 0) {
		connect_fail(request, CONNECT_UNIMPLEMENTED,
			     "the Content-Encoding is neither gzip nor identity");
	}
	return !request->answer.code;
}

/* The bytes of the question are those of *@ret_body, which may be @expanded. */
static bool expand_body(struct request *request, struct buffer *expanded,
			const struct buffer **ret_body)
{
	const char *encoding = request->content_encoding;
	int r;

	*ret_body = &request->body;
	if (!encoding || strcmp(encoding, "gzip") != 0 || !request->body.size)
		return true;
	expanded->limit = CONNECT_QUESTION_MAX;
	r = gzip_expand(request->body.data, request->body.size, expanded);
	if (r == -EFBIG)
		connect_fail(request, CONNECT_RESOURCE_EXHAUSTED,
			     "the body is larger than %d bytes when it is expanded",
			     CONNECT_QUESTION_MAX);
	else if (r == -EBADMSG)
		connect_fail(request, CONNECT_INVALID_ARGUMENT, "the body is no gzip file");
	else if (r < 0)
		connect_fail(request, CONNECT_UNAVAILABLE, "out of memory");
	*ret_body = expanded;
	return r == 0;
}

static ProtobufCMessage *read_json(struct request *request, const struct buffer *body,
				   const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = NULL;
	char error[SENTENCE_MAX_BYTES / 2];
	int r;

	r = message_from_json(type, body, &message, error, sizeof(error));
	if (r == -EINVAL)
		connect_fail(request, CONNECT_INVALID_ARGUMENT, "the body is wrong: %s", error);
	else if (r < 0)
		connect_fail(request, CONNECT_UNAVAILABLE, "out of memory");
	return message;
}

ProtobufCMessage *connect_read(struct request *request, const ProtobufCMessageDescriptor *type)
{
	_cleanup_(buffer_fini) struct buffer expanded = { 0 };
	const struct buffer *body;
	ProtobufCMessage *message;

	if (!head_is_good(request) || !expand_body(request, &expanded, &body))
		return NULL;
	if (request_is_json(request))
		return read_json(request, body, type);
	message = protobuf_c_message_unpack(type, NULL, body->size, (const uint8_t *)body->data);
	if (!message)
		connect_fail(request, CONNECT_INVALID_ARGUMENT,
			     "the body is no message of the type %s", type->short_name);
	return message;
}

static void pack(const ProtobufCMessage *message, struct buffer *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = size ? buffer_append_zeros(out, size) : NULL;

	if (bytes)
		protobuf_c_message_pack(message, bytes);
}

/* An answer that cannot be compressed is sent as it is. */
static void compress(struct request *request)
{
	struct buffer *body = &request->answer.body;
	_cleanup_(buffer_fini) struct buffer small = { .limit = body->size };

	if (body->size < WORTH_GZIP_BYTES || !request_takes_gzip(request) ||
	    gzip_append(&small, body->data, body->size) < 0)
		return;
	answer_add_header(&request->answer, "Content-Encoding", "gzip");
	buffer_fini(body);
	*body = small;
	small = (struct buffer){ 0 };
}

static void fail_answer(struct request *request, int error)
{
	if (error != -EFBIG) {
		connect_fail(request, CONNECT_UNAVAILABLE, "out of memory");
		return;
	}
	request->limits_met |= 1U << QUERY_LIMIT_ANSWER;
	connect_fail(request, CONNECT_RESOURCE_EXHAUSTED,
		     "the answer is larger than %lu MiB: select less", SITE_ANSWER_MAX >> 20);
}

void connect_answer(struct request *request, const ProtobufCMessage *message)
{
	struct answer *answer = &request->answer;

	answer->body.limit = SITE_ANSWER_MAX;
	if (request_is_json(request))
		message_append_json(message, &answer->body);
	else
		pack(message, &answer->body);
	if (buffer_error(&answer->body)) {
		fail_answer(request, buffer_error(&answer->body));
		return;
	}
	compress(request);
	answer_finish(answer, request_is_json(request) ? ANSWER_JSON : PROTO);
}
