/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof message: all of a pprof file but its samples, which refer to it.
 *
 * It is built next to the profile, table by table, each in one piece of memory: nothing is
 * allocated for a location or a label. Samples of one stack share its location ids, those of one
 * label set its labels.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/arena.h"
#include "profiler/base/buffer.h"

struct Pprof__Label; /* of pprof.pb-c.h */
struct Pprof__Profile;
struct Pprof__Sample;
struct profile;

/* Texts of our own that a file has anyway; those from PPROF_STRING_TIMED on, if it is timed. */
enum pprof_string {
	PPROF_STRING_SAMPLES,
	PPROF_STRING_COUNT_UNIT,
	PPROF_STRING_CPU,
	PPROF_STRING_NANOSECONDS,
	PPROF_STRING_TIMED,
	PPROF_STRING_END_TIMESTAMP = PPROF_STRING_TIMED,
	PPROF_STRING_PRECISION,
	PPROF_STRING_COUNT,
};

struct pprof_message {
	const struct profile *profile;
	bool is_timed;
	struct arena arena;    /* of all that message points to, but strings */
	struct buffer strings; /* the string table's texts, each with a NUL */
	uint32_t own_strings[PPROF_STRING_COUNT];
	size_t main_mapping;          /* the index that gets id 1 */
	uint64_t *stack_ids;          /* location ids: parallel to profile->frames; or NULL */
	struct Pprof__Label **labels; /* label set by label set, empty ones left out: … */
	size_t *first_labels;         /* … of each label set the first … */
	size_t *n_labels;             /* … and how many are left */
	size_t n_values;              /* of a sample */
	struct Pprof__Profile *message;
};

/* Returns 0 or -ENOMEM; either way *@ret_message, which borrows from @profile, wants fini. */
int pprof_message_init(const struct profile *profile, bool is_timed,
		       struct pprof_message *ret_message);

/* Works on a zeroed struct. */
void pprof_message_fini(struct pprof_message *pprof);

/* Room for @count items, not initialised, for as long as the message lives; or NULL. */
void *pprof_message_take(struct pprof_message *pprof, size_t count, size_t item_bytes);

/* Number the frames of all stacks, for the next function. Returns 0 or -ENOMEM. */
int pprof_message_number_stacks(struct pprof_message *pprof);

/* Give @sample the frames of a stack of the profile. */
void pprof_message_set_stack(const struct pprof_message *pprof, uint32_t stack_i,
			     struct Pprof__Sample *sample);

/* Append @message as bytes. Returns 0, -ENOMEM or -EFBIG: see buffer.h. */
int pprof_message_pack(const struct Pprof__Profile *message, struct buffer *out);
