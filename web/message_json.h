/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Message JSON: protobuf messages as JSON, and back, as proto3 maps one to the other
 * (protobuf.dev/programming-guides/json), by the descriptors that protoc-c writes.
 *
 * What is read may have either form of a field's name, integers as numbers or strings, and fields
 * that nobody knows. What is written has names in lowerCamelCase and integers of 64 bits as
 * strings, and leaves out what is zero. Fields are messages, enumerations, strings, booleans,
 * doubles and integers of 64 bits, or of 32 without a sign.
 */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct buffer;

/*
 * Read a message of @type from @json.
 *
 * Returns 0 and sets *@ret_message (owned by the caller: protobuf_c_message_free_unpacked()), or
 * -EINVAL  it is no JSON, or none that fits; @ret_error then holds a sentence about it,
 * -ENOMEM  out of memory.
 */
int message_from_json(const ProtobufCMessageDescriptor *type, const struct buffer *json,
		      ProtobufCMessage **ret_message, char *ret_error, size_t error_bytes);

/* Append @message to @out, which keeps whether that failed. */
void message_append_json(const ProtobufCMessage *message, struct buffer *out);
