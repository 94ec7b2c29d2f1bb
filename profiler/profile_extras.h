/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile extras: what a profile that was read from elsewhere has besides, so that nothing of it is
 * lost when it is written again. One of ours has none: its samples are counts and ns of CPU time.
 *
 * Of the values that a sample has there, profile_sample.count and .value are the two that every
 * encoder shows; times are in ns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_TYPES_MAX 64

struct profile_type {
	uint32_t type; /* string */
	uint32_t unit; /* string */
};

/* A label whose value is a number. */
struct profile_number {
	uint32_t label_set; /* numbers are sorted by it */
	uint32_t name;      /* string */
	uint32_t unit;      /* string, or 0 */
	int64_t value;
};

enum profile_location_flags {
	PROFILE_LOCATION_NAMELESS = 1 << 0, /* its only line was made up: it has an address only */
	PROFILE_LOCATION_FOLDED = 1 << 1,   /* other functions are the same code */
};

struct profile_extras {
	struct profile_type types[PROFILE_TYPES_MAX];
	size_t n_types;
	size_t default_type;
	bool says_default; /* the file itself did */
	struct profile_type period_type;
	int64_t *values; /* n_types for each sample */
	struct profile_number *numbers;
	uint8_t *location_flags; /* for each location: enum profile_location_flags */
	uint32_t program;        /* string: what ran, where a sample does not say */
	uint32_t drop_frames;    /* strings of pprof's: regular expressions … */
	uint32_t keep_frames;
	uint32_t doc_url; /* … and where it is explained */
	size_t n_values, n_numbers, n_location_flags;
	size_t value_capacity, number_capacity, flag_capacity;
};

/* Returns 0 and sets *@ret_extras (owned by the caller, who gives it to a profile), or -ENOMEM. */
int profile_extras_new(struct profile_extras **ret_extras);

/* Accepts NULL. Always returns NULL. */
struct profile_extras *profile_extras_free(struct profile_extras *extras);

/* Each appends copies. Returns 0 or -ENOMEM. */
int profile_extras_add_values(struct profile_extras *extras, const int64_t *values);
int profile_extras_add_number(struct profile_extras *extras, const struct profile_number *number);
int profile_extras_add_location_flags(struct profile_extras *extras, unsigned int flags);
