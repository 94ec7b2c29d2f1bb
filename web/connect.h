/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connect: calls of one question and one answer, over a POST (connectrpc.com/docs/protocol, "unary
 * RPCs").
 *
 *     body of the request  --connect_read-->  question  →  answer  --connect_answer-->  body
 *                                                       →  code, sentence  --connect_fail-->  JSON
 *
 * Messages are protobuf or JSON, as the request's Content-Type says, which is the answer's as well;
 * either may be compressed. All of this is for workers.
 */

#include <protobuf-c/protobuf-c.h>

struct request;

#define CONNECT_QUESTION_MAX (1 << 20) /* bytes of a question, expanded */

/* Those that are answered with; the protocol has more. */
enum connect_code {
	CONNECT_INVALID_ARGUMENT,
	CONNECT_RESOURCE_EXHAUSTED,
	CONNECT_UNIMPLEMENTED,
	CONNECT_INTERNAL,
	CONNECT_UNAVAILABLE,
	CONNECT_CODE_COUNT,
};

/*
 * The question of @request, a message of @type. Owned by the caller:
 * protobuf_c_message_free_unpacked(). NULL: it is none, and @request is answered.
 */
ProtobufCMessage *connect_read(struct request *request, const ProtobufCMessageDescriptor *type);

/* Answer @request with @message, or that it is too large, or that memory ran out. */
void connect_answer(struct request *request, const ProtobufCMessage *message);

/* Instead of anything said before, @request is answered with an error. @format makes a sentence,
 * without a full stop or line break. */
void connect_fail(struct request *request, enum connect_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
