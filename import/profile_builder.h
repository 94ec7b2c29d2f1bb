/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile builder: a profile from a format that has names only, frame by frame.
 *
 * A stack is collected with builder_add_frame() and ends with builder_add_sample(). What is the
 * same is there once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"
#include "profiler/profile.h"

struct profile_builder {
	struct profile *profile; /* owned */
	struct pair_map chains;  /* what a location is, step by step → a number of it so far */
	uint32_t n_chains;
	struct pair_map locations; /* the number of all of it → index */
	uint32_t *frames;          /* of the stack that is being collected: locations */
	size_t n_frames;
	size_t frame_capacity;
};

/* A piece of text; not terminated. */
struct builder_text {
	const char *text;
	size_t length;
};

struct builder_frame {
	uint64_t address;
	uint32_t mapping;                 /* or PROFILE_NO_MAPPING */
	uint32_t kind;                    /* enum frame_kind */
	uint64_t function_off;            /* as in a location */
	const struct profile_line *lines; /* innermost function first */
	size_t n_lines;
};

/* Returns 0 and initialises *@ret_builder, or -ENOMEM. */
int builder_init(struct profile_builder *ret_builder);

/* Works on a zeroed struct. */
void builder_fini(struct profile_builder *builder);

/*
 * Each returns 0, or -ENOMEM. A text becomes a string; "" if it is empty, and "?" for each NUL.
 * With
 * @is_escaped, \xHH in it is the byte of that number, unless that is 0.
 */
int builder_add_string(struct profile_builder *builder, struct builder_text text, bool is_escaped,
		       uint32_t *ret_string);
int builder_add_function(struct profile_builder *builder, const struct profile_function *function,
			 uint32_t *ret_index);
int builder_add_frame(struct profile_builder *builder, const struct builder_frame *frame);

/* Labels in any order; those whose value is 0 are left out. Sorts @labels. */
int builder_add_label_set(struct profile_builder *builder, struct profile_label *labels,
			  size_t n_labels, uint32_t *ret_label_set);

/* The frames since the last sample are its stack, the root's first if @is_root_first. A moment,
 * too, if @moment is not NULL, which tells its time and CPU. Sets sample->stack. */
int builder_add_sample(struct profile_builder *builder, struct profile_sample *sample,
		       bool is_root_first, const struct profile_moment *moment);

/*
 * The profile is complete, and the caller's. Samples count samples/count, and @unit of @type,
 * unless that is NULL. A profile of nanoseconds of cpu is as one of ours.
 */
int builder_finish(struct profile_builder *builder, const char *type, const char *unit,
		   struct profile **ret_profile);
