/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History cursor: rows of the dictionary, sought by numbers that only grow.
 *
 * Who goes through thousands of them gets the next by a step, mostly, which is a fifth of seeking
 * it. One cursor of a table at a time; both belong into a transaction of the database.
 */

#include <stdint.h>

struct database;
struct history_frame;
struct sqlite3_stmt;

/* Zeroed, but for its database, before the first row. */
struct history_cursor {
	struct database *database;
	struct sqlite3_stmt *statement;
	int64_t number; /* of the row that the statement is at; 0: none */
};

/* Works on one that was not used. */
void history_cursor_fini(struct history_cursor *cursor);

/*
 * The frames of a stack: *@ret_n_frames of them, HISTORY_MAX_FRAMES at most, for which
 * @frames has room.
 *
 * Returns 0, -EBADMSG if there is no such stack, or it is damaged, or an error of database.h.
 */
int history_cursor_get_stack(struct history_cursor *cursor, uint32_t stack, uint32_t *frames,
			     uint32_t *ret_n_frames);

/* A frame. Returns as above. */
int history_cursor_get_frame(struct history_cursor *cursor, uint32_t frame,
			     struct history_frame *ret_frame);
