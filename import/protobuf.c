/* SPDX-License-Identifier: Apache-2.0 */
#include "import/protobuf.h"

bool protobuf_next(struct byte_cursor *cursor, struct protobuf_field *ret_field)
{
	const uint8_t *bytes;
	uint64_t tag, size;

	if (cursor->is_bad || !byte_cursor_left(cursor))
		return false;
	tag = byte_cursor_uleb(cursor);
	*ret_field = (struct protobuf_field){ .number = (uint32_t)(tag >> 3), .wire = tag & 7 };
	switch (ret_field->wire) {
	case PROTOBUF_VARINT:
		ret_field->value = byte_cursor_uleb(cursor);
		break;
	case PROTOBUF_FIXED64:
		ret_field->value = byte_cursor_u64(cursor);
		break;
	case PROTOBUF_FIXED32:
		ret_field->value = byte_cursor_u32(cursor);
		break;
	case PROTOBUF_BYTES:
		size = byte_cursor_uleb(cursor);
		bytes = byte_cursor_take(cursor, size);
		if (bytes)
			ret_field->bytes = byte_cursor_at(bytes, size);
		break;
	default: /* groups, which nobody writes any more, and what there is not */
		byte_cursor_fail(cursor);
	}
	return !cursor->is_bad;
}
