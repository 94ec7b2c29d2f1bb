/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Buffer: bytes that grow at their end.
 *
 * An append that runs out of memory, or past @limit, marks the buffer as failed and leaves it
 * unchanged; so does every later append. Writers append freely and ask once, at the end, with
 * buffer_error().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;   /* not terminated; NULL while nothing was appended */
	size_t size;  /* bytes in use */
	size_t limit; /* most bytes allowed, 0 = any number */
	size_t capacity;
	int error; /* 0, -ENOMEM or -EFBIG */
};

/* Works on a zeroed struct; leaves a zeroed struct. */
void buffer_fini(struct buffer *buffer);

/* 0, or what the first failed append met: -ENOMEM, or -EFBIG for the limit. */
int buffer_error(const struct buffer *buffer);

/* Make room for @size more bytes, which are about to come, as array_prepare() does. A hint: there
 * is no error, and no room beyond the limit. */
void buffer_prepare(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_string(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append @size zero bytes and return where they start, or NULL: the buffer has failed. Valid until
 * the next append. */
void *buffer_append_zeros(struct buffer *buffer, size_t size);
