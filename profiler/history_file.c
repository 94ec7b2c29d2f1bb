/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/database.h"
#include "profiler/varint.h"

static int prepare(struct database *database, const char *sql, const struct history_file *file,
		   sqlite3_stmt **ret_statement)
{
	const struct binary_key *key = &file->key;
	int r = database_prepare(database, sql, ret_statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(*ret_statement, 1, file->path);
	sqlite3_bind_blob(*ret_statement, 2, key->build_id.bytes, (int)key->build_id.n_bytes,
			  SQLITE_STATIC);
	sqlite3_bind_int64(*ret_statement, 3, key->owner);
	sqlite3_bind_int64(*ret_statement, 4, (int64_t)key->size_bytes);
	sqlite3_bind_int64(*ret_statement, 5, key->change_time_ns);
	return 0;
}

int history_file_put(struct database *database, const struct history_file *file, uint32_t *ret_file)
{
	sqlite3_stmt *statement;
	int r;

	r = prepare(database,
		    "INSERT INTO file (path, build_id, owner, size, changed)"
		    " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		    file, &statement);
	if (r == 0)
		r = database_execute(database, statement);
	if (r == 0)
		r = prepare(database,
			    "SELECT id FROM file WHERE path = ? AND build_id = ? AND owner = ?"
			    " AND size = ? AND changed = ?",
			    file, &statement);
	if (r == 0)
		r = database_find_number(database, statement, ret_file);
	return r < 0 ? r : r == 1 ? 0 : -EIO;
}

int history_file_describe(struct database *database, uint32_t number,
			  const struct elf_description *description)
{
	_cleanup_(buffer_fini) struct buffer segments = { 0 };
	sqlite3_stmt *statement;
	int r;

	for (uint32_t i = 0; i < description->n_segments; i++) {
		varint_append(&segments, description->segments[i].file_off);
		varint_append(&segments, description->segments[i].elf_vaddr);
		varint_append(&segments, description->segments[i].size_bytes);
	}
	r = buffer_error(&segments);
	if (r == 0)
		r = database_prepare(database, "UPDATE file SET segments = ? WHERE id = ?",
				     &statement);
	if (r < 0)
		return r;
	sqlite3_bind_blob64(statement, 1, segments.size ? segments.data : "", segments.size,
			    SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, number);
	return database_execute(database, statement);
}

static int read_build_id(sqlite3_stmt *row, int column, struct build_id *ret_id)
{
	const void *bytes = sqlite3_column_blob(row, column);
	int n_bytes = sqlite3_column_bytes(row, column);

	if (n_bytes < 0 || n_bytes > BUILD_ID_MAX_BYTES)
		return -EBADMSG;
	*ret_id = (struct build_id){ .n_bytes = (uint32_t)n_bytes };
	if (n_bytes)
		memcpy(ret_id->bytes, bytes, (size_t)n_bytes);
	return 0;
}

static int read_segments(sqlite3_stmt *row, int column, struct elf_description *description)
{
	struct varint_reader reader = { .next = sqlite3_column_blob(row, column) };
	int r = 0;

	if (reader.next) /* a blob without bytes has no place */
		reader.end = reader.next + sqlite3_column_bytes(row, column);
	while (r == 0 && reader.next < reader.end) {
		struct elf_segment *segment = &description->segments[description->n_segments];

		if (description->n_segments++ == ELF_FILE_MAX_SEGMENTS)
			return -EBADMSG;
		r = varint_read(&reader, &segment->file_off);
		if (r == 0)
			r = varint_read(&reader, &segment->elf_vaddr);
		if (r == 0)
			r = varint_read(&reader, &segment->size_bytes);
	}
	return r;
}

int history_file_get(struct database *database, uint32_t number, struct history_file *ret_file,
		     struct elf_description *ret_description)
{
	struct elf_description description = { 0 };
	struct history_file file = { 0 };
	sqlite3_stmt *row;
	int r;

	r = database_find_row(database,
			      "SELECT path, build_id, owner, size, changed, segments FROM file"
			      " WHERE id = ?",
			      number, &row);
	if (r < 0)
		return r;
	file.path = (uint32_t)sqlite3_column_int64(row, 0);
	file.key.owner = (uint32_t)sqlite3_column_int64(row, 2);
	file.key.size_bytes = (uint64_t)sqlite3_column_int64(row, 3);
	file.key.change_time_ns = sqlite3_column_int64(row, 4);
	r = read_build_id(row, 1, &file.key.build_id);
	if (r == 0)
		r = read_segments(row, 5, &description);
	sqlite3_reset(row);
	if (r < 0)
		return r;
	description.build_id = file.key.build_id;
	*ret_file = file;
	*ret_description = description;
	return 0;
}
