/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/jitdump_copy.h"

#include <stddef.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/file.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump_format.h"

enum { WINDOW_BYTES = 16384 };

/* A file, of which a part is in memory. */
struct window {
	int fd;
	uint64_t file_bytes;
	uint64_t n_left_out; /* of it, since there is no room for what it tells */
	uint64_t off;
	size_t n_bytes;
	uint8_t bytes[WINDOW_BYTES];
};

/* *@size bytes at @off, or as many as there are: *@size tells. */
static int look(struct window *window, uint64_t off, size_t *size, const uint8_t **ret_bytes)
{
	uint64_t left = off < window->file_bytes ? window->file_bytes - off : 0;
	size_t wanted = *size < left ? *size : (size_t)left;
	size_t in_window = 0;
	int r = 0;

	if (off >= window->off && off - window->off <= window->n_bytes)
		in_window = window->n_bytes - (size_t)(off - window->off);
	if (in_window < wanted) {
		window->off = off;
		r = file_read_up_to(window->fd, window->bytes,
				    left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES, off,
				    &window->n_bytes);
		in_window = r < 0 ? 0 : window->n_bytes;
	}
	*size = wanted < in_window ? wanted : in_window;
	*ret_bytes = window->bytes + (off - window->off);
	return r;
}

/* Append @size bytes at @off. Returns 1, 0 if they are not there, or -errno. */
static int copy_bytes(struct window *window, uint64_t off, uint64_t size, struct buffer *ret_copy)
{
	while (size) {
		size_t part = size < WINDOW_BYTES ? (size_t)size : WINDOW_BYTES, n = part;
		const uint8_t *bytes;
		int r = look(window, off, &n, &bytes);

		if (r < 0 || n < part)
			return r;
		buffer_append(ret_copy, bytes, n);
		off += n;
		size -= n;
	}
	return 1;
}

/* How many bytes of the record at @off say something. */
static int told_bytes(struct window *window, uint64_t off, const struct jitdump_record *record,
		      size_t *ret_bytes)
{
	size_t before = sizeof(*record) + JITDUMP_LOAD_BYTES, size;
	const uint8_t *name, *end;
	int r;

	*ret_bytes = record->n_bytes;
	if (record->id == JITDUMP_MOVE && record->n_bytes > sizeof(*record) + JITDUMP_MOVE_BYTES)
		*ret_bytes = sizeof(*record) + JITDUMP_MOVE_BYTES;
	if (record->id != JITDUMP_LOAD || record->n_bytes < before)
		return 0;
	size = record->n_bytes - before;
	if (size > JIT_CODE_MAX_NAME + 1)
		size = JIT_CODE_MAX_NAME + 1;
	r = look(window, off + before, &size, &name);
	end = r < 0 ? NULL : memchr(name, '\0', size);
	*ret_bytes = before + (end ? (size_t)(end - name) : size);
	return r;
}

/* @record lies at @off. Returns 1, 0 if it is not whole or there is no room for it, or -errno. */
static int copy_record(struct window *window, uint64_t off, const struct jitdump_record *record,
		       struct buffer *ret_copy)
{
	struct jitdump_record told = *record;
	size_t start = ret_copy->size, n_bytes;
	int r = told_bytes(window, off, record, &n_bytes);

	if (r < 0)
		return r;
	if (n_bytes >= JITDUMP_MAX_COPY_BYTES - start) { /* the name's end has room then */
		window->n_left_out = window->file_bytes - off;
		return 0;
	}
	told.n_bytes = (uint32_t)n_bytes;
	if (record->id == JITDUMP_LOAD && n_bytes < record->n_bytes)
		told.n_bytes++; /* the name's end */
	buffer_append(ret_copy, &told, sizeof(told));
	r = copy_bytes(window, off + sizeof(told), n_bytes - sizeof(told), ret_copy);
	if (r <= 0)
		ret_copy->size = start;
	else if (told.n_bytes > n_bytes)
		buffer_append_char(ret_copy, '\0');
	return r;
}

static bool says_something(const struct jitdump_record *record)
{
	return record->id == JITDUMP_LOAD || record->id == JITDUMP_MOVE ||
	       record->id == JITDUMP_DEBUG_INFO;
}

/* The record at *@off, which moves on. Returns 1, 0 at the end, or -errno. */
static int copy_next(struct window *window, uint64_t *off, struct buffer *ret_copy)
{
	struct jitdump_record record;
	size_t size = sizeof(record);
	const uint8_t *bytes;
	int r = look(window, *off, &size, &bytes);

	if (r < 0 || size < sizeof(record))
		return r;
	memcpy(&record, bytes, sizeof(record));
	if (record.n_bytes < sizeof(record)) {
		buffer_append(ret_copy, &record, sizeof(record)); /* its reader counts it */
		return 0;
	}
	if (record.n_bytes > window->file_bytes - *off)
		return 0;
	r = says_something(&record) ? copy_record(window, *off, &record, ret_copy) : 1;
	*off += record.n_bytes;
	return r;
}

/* Its size may be larger, since it may have more fields. Returns 1, 0 if nothing follows, or
 * -errno. */
static int copy_header(struct window *window, uint64_t *ret_bytes, struct buffer *ret_copy)
{
	static const uint32_t own_bytes = JITDUMP_HEADER_BYTES;
	const size_t size_off = 2 * sizeof(own_bytes);
	uint32_t n_bytes;
	int r = copy_bytes(window, 0, JITDUMP_HEADER_BYTES, ret_copy);

	if (r <= 0)
		return r;
	memcpy(&n_bytes, ret_copy->data + size_off, sizeof(n_bytes));
	*ret_bytes = n_bytes;
	if (n_bytes < JITDUMP_HEADER_BYTES)
		return 0;
	memcpy(ret_copy->data + size_off, &own_bytes, sizeof(own_bytes));
	return 1;
}

int jitdump_copy(int fd, uint64_t size, struct buffer *ret_copy, struct jit_report *report)
{
	struct window window = { .fd = fd, .file_bytes = size };
	uint64_t off;
	int r;

	if (size > JITDUMP_MAX_BYTES) {
		report->unread_bytes += size - JITDUMP_MAX_BYTES;
		window.file_bytes = JITDUMP_MAX_BYTES;
	}
	r = copy_header(&window, &off, ret_copy);
	while (r > 0 && buffer_error(ret_copy) == 0)
		r = copy_next(&window, &off, ret_copy);
	report->unread_bytes += window.n_left_out;
	return r < 0 ? r : buffer_error(ret_copy);
}
