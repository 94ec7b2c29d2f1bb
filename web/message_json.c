/* SPDX-License-Identifier: Apache-2.0 */
#include "web/message_json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "web/json_text.h"

#define NAME_MAX_BYTES 64 /* of a field, in lowerCamelCase */

/* Where sentences about what does not fit go. */
struct complaint {
	char *text;
	size_t bytes;
};

static int read_message(const ProtobufCMessageDescriptor *type, const json_t *object,
			const struct complaint *complaint, ProtobufCMessage **ret_message);

static void json_unref(json_t **json)
{
	json_decref(*json);
}

static void message_free(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}

/* Always returns -EINVAL. */
__attribute__((format(printf, 2, 3))) static int complain(const struct complaint *complaint,
							  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint->text, complaint->bytes, format, args);
	va_end(args);
	return -EINVAL;
}

static void *field_at(const ProtobufCMessage *message, unsigned int offset)
{
	return (char *)(uintptr_t)message + offset;
}

/* "profile_typeID" becomes "profileTypeID". */
static void camel_case(const char *name, char ret_name[NAME_MAX_BYTES])
{
	size_t length = 0;
	bool is_upper = false;

	for (; *name && length + 1 < NAME_MAX_BYTES; name++) {
		if (*name != '_')
			ret_name[length++] = is_upper ? (char)toupper(*name) : *name;
		is_upper = *name == '_';
	}
	ret_name[length] = '\0';
}

/* The field that is called @name, in either form, or NULL. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
						  const char *name)
{
	for (unsigned int i = 0; i < type->n_fields; i++) {
		char camel[NAME_MAX_BYTES];

		camel_case(type->fields[i].name, camel);
		if (!strcmp(name, camel) || !strcmp(name, type->fields[i].name))
			return &type->fields[i];
	}
	return NULL;
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_UINT32:
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(double);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(uint64_t);
	default:
		return sizeof(void *);
	}
}

/* No hexadecimal, no infinity, nothing behind the number. */
static bool text_to_double(const char *text, double *ret_value)
{
	char *end;

	if (!text[0] || text[strspn(text, "+-.0123456789eE")])
		return false;
	*ret_value = strtod(text, &end);
	return !*end && isfinite(*ret_value);
}

static bool text_to_int64(const char *text, int64_t *ret_value)
{
	char *end;

	if (!text[0] || text[strspn(text, "-0123456789")])
		return false;
	errno = 0;
	*ret_value = strtoll(text, &end, 10);
	return !*end && !errno;
}

static bool value_to_double(const json_t *value, double *ret_value)
{
	if (json_is_string(value))
		return text_to_double(json_string_value(value), ret_value);
	*ret_value = json_number_value(value);
	return json_is_number(value);
}

/* 1e3 is an integer, too. */
static bool value_to_int64(const json_t *value, int64_t *ret_value)
{
	double real = json_real_value(value);

	if (json_is_string(value))
		return text_to_int64(json_string_value(value), ret_value);
	*ret_value = json_integer_value(value);
	if (!json_is_real(value))
		return json_is_integer(value);
	if (real != trunc(real) || fabs(real) > 0x1p53)
		return false;
	*ret_value = (int64_t)real;
	return true;
}

/* Enumerations may be told by name or by number, also one that is not known. */
static bool value_to_enum(const ProtobufCEnumDescriptor *type, const json_t *value,
			  int32_t *ret_value)
{
	const ProtobufCEnumValue *known = NULL;
	int64_t number;

	if (json_is_string(value))
		known = protobuf_c_enum_descriptor_get_value_by_name(type,
								     json_string_value(value));
	if (known) {
		*ret_value = known->value;
		return true;
	}
	if (!json_is_number(value) || !value_to_int64(value, &number) || number < INT32_MIN ||
	    number > INT32_MAX)
		return false;
	*ret_value = (int32_t)number;
	return true;
}

static bool read_number(const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_item)
{
	int64_t number;

	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)ret_item = json_is_true(value);
		return json_is_boolean(value);
	case PROTOBUF_C_TYPE_ENUM:
		return value_to_enum(field->descriptor, value, ret_item);
	case PROTOBUF_C_TYPE_DOUBLE:
		return value_to_double(value, ret_item);
	case PROTOBUF_C_TYPE_INT64:
		return value_to_int64(value, ret_item);
	case PROTOBUF_C_TYPE_UINT64:
		return value_to_int64(value, ret_item) && *(int64_t *)ret_item >= 0;
	case PROTOBUF_C_TYPE_UINT32:
		if (!value_to_int64(value, &number) || number < 0 || number > UINT32_MAX)
			return false;
		*(uint32_t *)ret_item = (uint32_t)number;
		return true;
	default:
		return false;
	}
}

static int read_string(const json_t *value, char **ret_text)
{
	char *text = strdup(json_string_value(value));

	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

static int read_item(const ProtobufCFieldDescriptor *field, const json_t *value,
		     const struct complaint *complaint, void *ret_item)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && json_is_object(value))
		return read_message(field->descriptor, value, complaint, ret_item);
	if (field->type == PROTOBUF_C_TYPE_STRING && json_is_string(value))
		return read_string(value, ret_item);
	if (read_number(field, value, ret_item))
		return 0;
	return complain(complaint, "the value of %s is not of its type", field->name);
}

static int read_items(const ProtobufCFieldDescriptor *field, const json_t *array,
		      const struct complaint *complaint, ProtobufCMessage *message)
{
	size_t *n_items = field_at(message, field->quantifier_offset);
	char **items = field_at(message, field->offset);
	size_t size = size_of(field);
	int r = 0;

	if (!json_is_array(array))
		return complain(complaint, "%s is no list", field->name);
	if (*n_items)
		return complain(complaint, "%s is there twice", field->name);
	if (!json_array_size(array))
		return 0;
	*items = calloc(json_array_size(array), size);
	if (!*items)
		return -ENOMEM;
	for (; r == 0 && *n_items < json_array_size(array); *n_items += r == 0)
		r = read_item(field, json_array_get(array, *n_items), complaint,
			      *items + *n_items * size);
	return r;
}

static bool is_set(const ProtobufCFieldDescriptor *field, const void *item)
{
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)item != field->default_value;
	return field->type == PROTOBUF_C_TYPE_MESSAGE && *(const void *const *)item;
}

static int read_field(const ProtobufCFieldDescriptor *field, const json_t *value,
		      const struct complaint *complaint, ProtobufCMessage *message)
{
	void *item = field_at(message, field->offset);

	if (json_is_null(value))
		return 0;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_items(field, value, complaint, message);
	if (is_set(field, item))
		return complain(complaint, "%s is there twice", field->name);
	return read_item(field, value, complaint, item);
}

static int read_message(const ProtobufCMessageDescriptor *type, const json_t *object,
			const struct complaint *complaint, ProtobufCMessage **ret_message)
{
	_cleanup_(message_free) ProtobufCMessage *message = calloc(1, type->sizeof_message);
	json_t *fields = (json_t *)(uintptr_t)object; /* which its iterators do not change */

	if (!message)
		return -ENOMEM;
	protobuf_c_message_init(type, message);
	for (void *i = json_object_iter(fields); i; i = json_object_iter_next(fields, i)) {
		const ProtobufCFieldDescriptor *field = find_field(type, json_object_iter_key(i));
		int r = field ? read_field(field, json_object_iter_value(i), complaint, message)
			      : 0;

		if (r < 0)
			return r;
	}
	*ret_message = steal(message);
	return 0;
}

int message_from_json(const ProtobufCMessageDescriptor *type, const struct buffer *json,
		      ProtobufCMessage **ret_message, char *ret_error, size_t error_bytes)
{
	const struct complaint complaint = { ret_error, error_bytes };
	_cleanup_(json_unref) json_t *object = NULL;
	json_error_t error;

	object = json_loadb(json->data ? json->data : "", json->size, 0, &error);
	if (!object && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!object)
		return complain(&complaint, "no JSON: at byte %d: %s", error.position, error.text);
	if (!json_is_object(object))
		return complain(&complaint, "no JSON object");
	return read_message(type, object, &complaint, ret_message);
}

static void append_item(const ProtobufCFieldDescriptor *field, const void *item, struct buffer *out)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		message_append_json(*(ProtobufCMessage *const *)item, out);
		break;
	case PROTOBUF_C_TYPE_STRING:
		json_text_append_string(out, *(const char *const *)item);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buffer_append_string(out, *(const protobuf_c_boolean *)item ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		buffer_printf(out, "%.17g", *(const double *)item);
		break;
	case PROTOBUF_C_TYPE_UINT64:
		buffer_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)item);
		break;
	case PROTOBUF_C_TYPE_INT64:
		buffer_printf(out, "\"%" PRId64 "\"", *(const int64_t *)item);
		break;
	default: /* an enumeration may be a number */
		buffer_printf(out, "%" PRIu32, *(const uint32_t *)item);
	}
}

static bool is_zero(const ProtobufCFieldDescriptor *field, const void *item)
{
	static const char zeros[sizeof(uint64_t)];

	if (field->type == PROTOBUF_C_TYPE_STRING)
		return !**(const char *const *)item;
	if (field->type == PROTOBUF_C_TYPE_DOUBLE)
		return *(const double *)item == 0; /* -0, too, as protobuf-c has it */
	return !memcmp(item, zeros, size_of(field));
}

static void append_field(const ProtobufCFieldDescriptor *field, const char *items, size_t n_items,
			 struct buffer *out)
{
	bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
	char name[NAME_MAX_BYTES];

	camel_case(field->name, name);
	buffer_printf(out, "\"%s\":%s", name, is_list ? "[" : "");
	for (size_t i = 0; i < n_items && !buffer_error(out); i++) {
		if (i)
			buffer_append_char(out, ',');
		append_item(field, items + i * size_of(field), out);
	}
	if (is_list)
		buffer_append_char(out, ']');
}

/* How many items @field of @message has, the first of which is at *@ret_items; 0: it is left out.
 */
static size_t field_items(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			  const void **ret_items)
{
	const void *item = field_at(message, field->offset);

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		*ret_items = item;
		return !is_zero(field, item);
	}
	*ret_items = *(const void *const *)item;
	return *(const size_t *)field_at(message, field->quantifier_offset);
}

void message_append_json(const ProtobufCMessage *message, struct buffer *out)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	char before = '{';

	for (unsigned int i = 0; i < type->n_fields; i++) {
		const void *items;
		size_t n_items = field_items(message, &type->fields[i], &items);

		if (!n_items)
			continue;
		buffer_append_char(out, before);
		append_field(&type->fields[i], items, n_items, out);
		before = ',';
	}
	buffer_append_string(out, before == '{' ? "{}" : "}");
}
