/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"

void buffer_fini(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

int buffer_error(const struct buffer *buffer)
{
	return buffer->error;
}

static char *reserve(struct buffer *buffer, size_t size)
{
	if (buffer->error)
		return NULL;
	if (size > SIZE_MAX - buffer->size ||
	    (buffer->limit && buffer->size + size > buffer->limit)) {
		buffer->error = -EFBIG;
		return NULL;
	}
	/* One byte more, for the terminator that buffer_printf() writes and does not count. */
	buffer->error = array_reserve((void **)&buffer->data, &buffer->capacity,
				      buffer->size + size + 1, 1);
	return buffer->error ? NULL : buffer->data + buffer->size;
}

void buffer_prepare(struct buffer *buffer, size_t size)
{
	if (buffer->limit && size > buffer->limit - buffer->size)
		size = buffer->limit - buffer->size;
	if (!buffer->error)
		(void)array_prepare((void **)&buffer->data, &buffer->capacity,
				    buffer->size + size + 1, 1);
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
	char *end;

	if (!size)
		return;
	end = reserve(buffer, size);
	if (!end)
		return;
	memcpy(end, bytes, size);
	buffer->size += size;
}

void buffer_append_string(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char c)
{
	buffer_append(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	char *end;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return;
	end = reserve(buffer, (size_t)n);
	if (!end)
		return;
	va_start(args, format);
	vsnprintf(end, (size_t)n + 1, format, args);
	va_end(args);
	buffer->size += (size_t)n;
}

void *buffer_append_zeros(struct buffer *buffer, size_t size)
{
	char *end = reserve(buffer, size);

	if (!end)
		return NULL;
	memset(end, 0, size);
	buffer->size += size;
	return end;
}
