/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf: the fields of a message, one after the other, from foreign bytes.
 *
 *     while (protobuf_next(&cursor, &field)) …
 *     if (cursor.is_bad) …
 *
 * Format: https://protobuf.dev/programming-guides/encoding
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"

enum protobuf_wire { PROTOBUF_VARINT, PROTOBUF_FIXED64, PROTOBUF_BYTES, PROTOBUF_FIXED32 = 5 };

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;           /* unless it is bytes */
	struct byte_cursor bytes; /* borrowed */
};

/* Whether there is one more; if not, @cursor is at its end, or bad. */
bool protobuf_next(struct byte_cursor *cursor, struct protobuf_field *ret_field);
