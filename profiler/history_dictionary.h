/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History dictionary: what the numbers in windows of history stand for.
 *
 * Each …_put() finds its content among what is there, or adds it, and gives its number, from 1; for
 * the empty string, and for no file, it is 0. Each …_get() is the way back; that of stacks and
 * frames is history_cursor.h. Both belong into a
 * transaction of the database, which was opened with the schema of history_schema.h; what is read
 * may have been damaged. Errors are those of database.h; -EBADMSG also where a number leads
 * nowhere.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/frame.h"
#include "unwind/build_id.h"
#include "unwind/elf_file.h"

struct buffer;
struct database;

#define HISTORY_MAX_FRAMES 4096 /* of a stack */
#define HISTORY_MAX_LABELS 256  /* of a label set */

/* By numbers of strings. */
struct history_label {
	uint32_t name;
	uint32_t value;
};

struct history_thread {
	uint32_t label_set; /* of its process */
	uint32_t tid;
	uint32_t name; /* string */
};

struct history_frame {
	enum frame_kind kind;
	uint32_t file; /* of this dictionary, or 0 */
	uint64_t place;
	uint32_t name; /* string: of what will have no symbol file later; else 0 */
};

int history_string_put(struct database *database, const char *text, uint32_t *ret_string);
int history_string_get(struct database *database, uint32_t string, struct buffer *ret_text);

int history_label_set_put(struct database *database, const struct history_label *labels,
			  size_t n_labels, uint32_t *ret_label_set);
/* Sets *@ret_labels (owned by the caller). */
int history_label_set_get(struct database *database, uint32_t label_set,
			  struct history_label **ret_labels, size_t *ret_n_labels);

int history_thread_put(struct database *database, const struct history_thread *thread,
		       uint32_t *ret_thread);
int history_thread_get(struct database *database, uint32_t number,
		       struct history_thread *ret_thread);

int history_frame_put(struct database *database, const struct history_frame *frame,
		      uint32_t *ret_frame);

/* The largest number of a frame, or of a stack; 0: there is none. */
int history_frame_find_last(struct database *database, uint32_t *ret_frame);
int history_stack_find_last(struct database *database, uint32_t *ret_stack);

/* Of numbers of frames, leaf first. */
int history_stack_put(struct database *database, const uint32_t *frames, size_t n_frames,
		      uint32_t *ret_stack);
