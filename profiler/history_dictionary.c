/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_dictionary.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"
#include "profiler/varint.h"

int history_string_put(struct database *database, const char *text, uint32_t *ret_string)
{
	sqlite3_stmt *statement;
	int r;

	if (!*text) {
		*ret_string = 0;
		return 0;
	}
	r = database_prepare(database, "SELECT id FROM string WHERE text = ?", &statement);
	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	r = database_find_number(database, statement, ret_string);
	if (r != 0)
		return r < 0 ? r : 0;
	r = database_prepare(database, "INSERT INTO string (text) VALUES (?)", &statement);
	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	return database_add_row(database, statement, ret_string);
}

int history_string_get(struct database *database, uint32_t string, struct buffer *ret_text)
{
	sqlite3_stmt *statement;
	int r;

	if (!string)
		return 0;
	r = database_find_row(database, "SELECT text FROM string WHERE id = ?", string, &statement);
	if (r < 0)
		return r;
	buffer_append(ret_text, sqlite3_column_text(statement, 0),
		      (size_t)sqlite3_column_bytes(statement, 0));
	sqlite3_reset(statement);
	return buffer_error(ret_text);
}

/* FNV-1a of 64 bits (the parameters are those of its authors, draft-eastlake-fnv). */
static int64_t hash_of(const struct buffer *bytes)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes->size; i++)
		hash = (hash ^ (unsigned char)bytes->data[i]) * 0x100000001b3;
	return (int64_t)hash;
}

/* Statements for what is found by a hash, and is itself the bytes. */
struct hashed {
	const char *find;   /* id and bytes, by hash */
	const char *insert; /* hash, bytes */
};

static const struct hashed stacks = {
	.find = "SELECT id, frames FROM stack WHERE hash = ?",
	.insert = "INSERT INTO stack (hash, frames) VALUES (?, ?)",
};
static const struct hashed label_sets = {
	.find = "SELECT id, labels FROM label_set WHERE hash = ?",
	.insert = "INSERT INTO label_set (hash, labels) VALUES (?, ?)",
};

static bool column_is(sqlite3_stmt *statement, int column, const struct buffer *bytes)
{
	const void *blob = sqlite3_column_blob(statement, column);
	size_t size = (size_t)sqlite3_column_bytes(statement, column);

	return size == bytes->size && (!size || !memcmp(blob, bytes->data, size));
}

/* Returns 1 and sets *@ret_number if it is there, 0 if it is not, or an error. */
static int hashed_find(struct database *database, const struct hashed *hashed,
		       const struct buffer *bytes, uint32_t *ret_number)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database, hashed->find, &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, hash_of(bytes));
	while ((r = database_step(database, statement)) == 1) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (id > 0 && id <= UINT32_MAX && column_is(statement, 1, bytes)) {
			*ret_number = (uint32_t)id;
			break;
		}
	}
	sqlite3_reset(statement);
	return r;
}

static int hashed_put(struct database *database, const struct hashed *hashed,
		      const struct buffer *bytes, uint32_t *ret_number)
{
	sqlite3_stmt *statement;
	int r;

	r = buffer_error(bytes);
	if (r == 0)
		r = hashed_find(database, hashed, bytes, ret_number);
	if (r != 0)
		return r < 0 ? r : 0;
	r = database_prepare(database, hashed->insert, &statement);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, hash_of(bytes));
	sqlite3_bind_blob64(statement, 2, bytes->size ? bytes->data : "", bytes->size,
			    SQLITE_STATIC);
	return database_add_row(database, statement, ret_number);
}

int history_label_set_put(struct database *database, const struct history_label *labels,
			  size_t n_labels, uint32_t *ret_label_set)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };

	if (n_labels > HISTORY_MAX_LABELS)
		return -EINVAL;
	for (size_t i = 0; i < n_labels; i++) {
		varint_append(&bytes, labels[i].name);
		varint_append(&bytes, labels[i].value);
	}
	return hashed_put(database, &label_sets, &bytes, ret_label_set);
}

/* Read the labels, of which there is room for HISTORY_MAX_LABELS. */
static int read_labels(struct varint_reader *reader, struct history_label *labels,
		       size_t *ret_n_labels)
{
	uint64_t name, value = 0;
	size_t n_labels = 0;
	int r;

	while (reader->next < reader->end) {
		r = varint_read(reader, &name);
		if (r == 0)
			r = varint_read(reader, &value);
		if (r < 0)
			return r;
		if (name > UINT32_MAX || value > UINT32_MAX || n_labels == HISTORY_MAX_LABELS)
			return -EBADMSG;
		labels[n_labels++] = (struct history_label){ (uint32_t)name, (uint32_t)value };
	}
	*ret_n_labels = n_labels;
	return 0;
}

int history_label_set_get(struct database *database, uint32_t label_set,
			  struct history_label **ret_labels, size_t *ret_n_labels)
{
	_cleanup_(freep) struct history_label *labels = calloc(HISTORY_MAX_LABELS, sizeof(*labels));
	struct varint_reader reader;
	sqlite3_stmt *statement;
	int r;

	if (!labels)
		return -ENOMEM;
	r = database_find_row(database, "SELECT labels FROM label_set WHERE id = ?", label_set,
			      &statement);
	if (r < 0)
		return r;
	reader.next = sqlite3_column_blob(statement, 0);
	reader.end = reader.next ? reader.next + sqlite3_column_bytes(statement, 0) : NULL;
	r = read_labels(&reader, labels, ret_n_labels);
	sqlite3_reset(statement);
	if (r == 0)
		*ret_labels = steal(labels);
	return r;
}

int history_stack_put(struct database *database, const uint32_t *frames, size_t n_frames,
		      uint32_t *ret_stack)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };

	if (n_frames > HISTORY_MAX_FRAMES)
		return -EINVAL;
	for (size_t i = 0; i < n_frames; i++)
		varint_append(&bytes, frames[i]);
	return hashed_put(database, &stacks, &bytes, ret_stack);
}

static void bind_thread(sqlite3_stmt *statement, const struct history_thread *thread)
{
	sqlite3_bind_int64(statement, 1, thread->label_set);
	sqlite3_bind_int64(statement, 2, thread->tid);
	sqlite3_bind_int64(statement, 3, thread->name);
}

int history_thread_put(struct database *database, const struct history_thread *thread,
		       uint32_t *ret_thread)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(database,
			     "SELECT id FROM thread WHERE label_set = ? AND tid = ? AND name = ?",
			     &statement);
	if (r < 0)
		return r;
	bind_thread(statement, thread);
	r = database_find_number(database, statement, ret_thread);
	if (r != 0)
		return r < 0 ? r : 0;
	r = database_prepare(database, "INSERT INTO thread (label_set, tid, name) VALUES (?, ?, ?)",
			     &statement);
	if (r < 0)
		return r;
	bind_thread(statement, thread);
	return database_add_row(database, statement, ret_thread);
}

int history_thread_get(struct database *database, uint32_t number,
		       struct history_thread *ret_thread)
{
	sqlite3_stmt *statement;
	int r;

	r = database_find_row(database, "SELECT label_set, tid, name FROM thread WHERE id = ?",
			      number, &statement);
	if (r < 0)
		return r;
	*ret_thread = (struct history_thread){
		.label_set = (uint32_t)sqlite3_column_int64(statement, 0),
		.tid = (uint32_t)sqlite3_column_int64(statement, 1),
		.name = (uint32_t)sqlite3_column_int64(statement, 2),
	};
	sqlite3_reset(statement);
	return 0;
}

static void bind_frame(sqlite3_stmt *statement, const struct history_frame *frame)
{
	sqlite3_bind_int64(statement, 1, (int64_t)frame->place);
	sqlite3_bind_int64(statement, 2, frame->file);
	sqlite3_bind_int64(statement, 3, (int64_t)frame->kind);
	sqlite3_bind_int64(statement, 4, frame->name);
}

int history_frame_put(struct database *database, const struct history_frame *frame,
		      uint32_t *ret_frame)
{
	sqlite3_stmt *statement;
	int r;

	r = database_prepare(
		database,
		"SELECT id FROM frame WHERE place = ? AND file = ? AND kind = ? AND name = ?",
		&statement);
	if (r < 0)
		return r;
	bind_frame(statement, frame);
	r = database_find_number(database, statement, ret_frame);
	if (r != 0)
		return r < 0 ? r : 0;
	r = database_prepare(database,
			     "INSERT INTO frame (place, file, kind, name) VALUES (?, ?, ?, ?)",
			     &statement);
	if (r < 0)
		return r;
	bind_frame(statement, frame);
	return database_add_row(database, statement, ret_frame);
}

/* The number that @sql asks for, or 0. */
static int find_last(struct database *database, const char *sql, uint32_t *ret_number)
{
	sqlite3_stmt *statement;
	uint32_t last = 0;
	int r = database_prepare(database, sql, &statement);

	if (r == 0)
		r = database_find_number(database, statement, &last);
	if (r < 0)
		return r;
	*ret_number = last;
	return 0;
}

int history_frame_find_last(struct database *database, uint32_t *ret_frame)
{
	return find_last(database, "SELECT id FROM frame ORDER BY id DESC LIMIT 1", ret_frame);
}

int history_stack_find_last(struct database *database, uint32_t *ret_stack)
{
	return find_last(database, "SELECT id FROM stack ORDER BY id DESC LIMIT 1", ret_stack);
}
