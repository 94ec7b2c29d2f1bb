/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dictionary: what the numbers in samples stand for, for a few minutes.
 *
 *     number  --dictionary_find_…-->  index  --dictionary_thread, …-->  text, frames
 *
 * One thread at a time adds and finds, under the store's lock. What an index leads to may be read
 * without it for as long as the dictionary is held: nothing moves, and a text that was replaced
 * stays until the dictionary goes. All texts are valid UTF-8.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/arena.h"
#include "profiler/frame.h"
#include "profiler/pair_map.h"
#include "profiler/stable_array.h"

struct kernel_view;
struct label;
struct store_process;

#define FILE_SPAN_BYTES (1ULL << 32) /* what of a file can be numbered as an address: query.h */

struct process_text {
	uint32_t pid; /* or 0 */
	uint32_t n_labels;
	const struct label *labels; /* sorted by name; many processes share them */
	uint32_t service;           /* of service_table.h */
	bool is_left_out;
};

struct thread_text {
	uint32_t process; /* index */
	uint32_t tid;
	const char *name;
};

struct stack_frames {
	uint32_t n_frames;
	uint32_t frames[]; /* indices, leaf first */
};

struct dictionary {
	uint32_t number;
	uint32_t n_windows; /* of the store, which refer to it; kept by the store */
	uint32_t refs; /* likewise: windows, also those that only a query holds, and "in force" */
	struct kernel_view
		*kernel; /* as it was, held; NULL: it is the same still. By the store, too */
	struct dictionary *next_free; /* in the list of those to be freed */
	struct arena arena;
	struct pair_map process_index, thread_index, stack_index, frame_index, file_index,
		label_set_index;
	struct stable_array processes, threads, stacks, frames, label_sets;
	struct stable_array files; /* numbers that the store's file table holds for us */
};

/* Returns 0 and sets *@ret_dictionary (owned by the caller), or -ENOMEM. */
int dictionary_new(uint32_t number, struct dictionary **ret_dictionary);

/* Accepts NULL. Always returns NULL. */
struct dictionary *dictionary_free(struct dictionary *dictionary);

/*
 * Each returns 0, -EINVAL if what it refers to was not added, or -ENOMEM. A process or a thread
 * that is there gets the new text; a stack that is there stays as it is.
 */
int dictionary_add_file(struct dictionary *dictionary, uint32_t file);
int dictionary_add_process(struct dictionary *dictionary, const struct store_process *process,
			   uint32_t service);
int dictionary_add_thread(struct dictionary *dictionary, uint32_t thread, uint32_t process,
			  uint32_t tid, const char *name);
int dictionary_add_stack(struct dictionary *dictionary, uint32_t stack, const struct frame *frames,
			 size_t n_frames);

/* The same in two steps, for who meets a frame in many stacks, and each stack once: intern each
 * frame, then name stacks by the indices. The stack has the next index, and no number: nobody
 * finds it but who knows that. */
int dictionary_add_frame(struct dictionary *dictionary, const struct frame *frame,
			 uint32_t *ret_index);
int dictionary_append_stack(struct dictionary *dictionary, const uint32_t *frames, size_t n_frames);

bool dictionary_has_file(const struct dictionary *dictionary, uint32_t file);

/* Whether @number was added; sets *@ret_index only if so. */
bool dictionary_find_thread(const struct dictionary *dictionary, uint32_t number,
			    uint32_t *ret_index);
bool dictionary_find_stack(const struct dictionary *dictionary, uint32_t number,
			   uint32_t *ret_index);

/* Borrowed: live as long as the dictionary. */
const struct thread_text *dictionary_thread(const struct dictionary *dictionary, uint32_t index);
const struct process_text *dictionary_process(const struct dictionary *dictionary, uint32_t index);
const struct stack_frames *dictionary_stack(const struct dictionary *dictionary, uint32_t index);
const struct frame *dictionary_frame(const struct dictionary *dictionary, uint32_t index);

/* Memory in use. */
size_t dictionary_bytes(const struct dictionary *dictionary);
