/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_cursor.h"

#include <errno.h>
#include <sqlite3.h>

#include "profiler/database.h"
#include "profiler/history_dictionary.h"
#include "profiler/varint.h"

#define NEAR 8 /* so many rows are gone through sooner than one is sought */

void history_cursor_fini(struct history_cursor *cursor)
{
	if (cursor->statement)
		sqlite3_reset(cursor->statement);
	*cursor = (struct history_cursor){ .database = cursor->database };
}

/* Go to the next row. Returns 1, 0 if there is none, or an error. */
static int step(struct history_cursor *cursor)
{
	int r = database_step(cursor->database, cursor->statement);

	cursor->number = r == 1 ? sqlite3_column_int64(cursor->statement, 0) : 0;
	return r;
}

/* Go to the first row from @number on. Returns likewise. */
static int seek(struct history_cursor *cursor, const char *sql, uint32_t number)
{
	int r = database_prepare(cursor->database, sql, &cursor->statement);

	if (r < 0)
		return r;
	sqlite3_bind_int64(cursor->statement, 1, number);
	return step(cursor);
}

static int go_to(struct history_cursor *cursor, const char *sql, uint32_t number)
{
	int r = 1;

	if (!number)
		return -EBADMSG;
	if (!cursor->number || number < cursor->number || number - cursor->number > NEAR)
		r = seek(cursor, sql, number);
	while (r == 1 && cursor->number < number)
		r = step(cursor);
	if (r < 0)
		return r;
	return cursor->number == number ? 0 : -EBADMSG;
}

int history_cursor_get_stack(struct history_cursor *cursor, uint32_t stack, uint32_t *frames,
			     uint32_t *ret_n_frames)
{
	struct varint_reader reader;
	uint32_t n_frames = 0;
	uint64_t frame;
	int r = go_to(cursor, "SELECT id, frames FROM stack WHERE id >= ? ORDER BY id", stack);

	if (r < 0)
		return r;
	reader.next = sqlite3_column_blob(cursor->statement, 1);
	reader.end = reader.next ? reader.next + sqlite3_column_bytes(cursor->statement, 1) : NULL;
	while (reader.next < reader.end) {
		r = varint_read(&reader, &frame);
		if (r < 0)
			return r;
		if (frame > UINT32_MAX || n_frames == HISTORY_MAX_FRAMES)
			return -EBADMSG;
		frames[n_frames++] = (uint32_t)frame;
	}
	*ret_n_frames = n_frames;
	return 0;
}

int history_cursor_get_frame(struct history_cursor *cursor, uint32_t frame,
			     struct history_frame *ret_frame)
{
	int64_t kind;
	int r = go_to(cursor,
		      "SELECT id, kind, file, place, name FROM frame WHERE id >= ? ORDER BY id",
		      frame);

	if (r < 0)
		return r;
	kind = sqlite3_column_int64(cursor->statement, 1);
	*ret_frame = (struct history_frame){
		.kind = (enum frame_kind)kind,
		.file = (uint32_t)sqlite3_column_int64(cursor->statement, 2),
		.place = (uint64_t)sqlite3_column_int64(cursor->statement, 3),
		.name = (uint32_t)sqlite3_column_int64(cursor->statement, 4),
	};
	return kind < 0 || kind >= FRAME_KIND_COUNT ? -EBADMSG : 0;
}
