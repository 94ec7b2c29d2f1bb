/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile: merged samples with names, ready for an encoder.
 *
 *     struct store  --query_run-->  struct profile  --encoder-->  bytes
 *
 * It stands on its own: strings, functions, locations and stacks are interned inside, and refer to
 * each other by index from 0. Whoever builds it adds strings first, then what refers to them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/frame.h"

struct profile_extras;
struct string_table;

#define PROFILE_NO_MAPPING UINT32_MAX

struct profile_mapping {
	uint64_t start_addr;    /* in the profile's own numbering: see query.h */
	uint64_t limit_addr;    /* one past the last byte */
	uint64_t file_off;      /* bytes into the file, of start_addr */
	uint32_t filename;      /* string */
	uint32_t build_id;      /* string, lower-case hex, or 0 */
	bool has_functions;     /* each location in this mapping has a name */
	bool has_filenames;     /* one of them has, at least */
	bool has_line_numbers;  /* as before */
	bool has_inline_frames; /* where functions are inlined, the location says so */
};

struct profile_function {
	uint32_t name;        /* string, demangled */
	uint32_t system_name; /* string, as the linker knows it */
	uint32_t filename;    /* string, or 0 */
	uint32_t start_line;  /* or 0 */
};

struct profile_line {
	uint32_t function;
	uint32_t line;   /* or 0 */
	uint32_t column; /* or 0 */
};

struct profile_location {
	uint64_t address;
	uint32_t mapping;      /* or PROFILE_NO_MAPPING */
	uint32_t kind;         /* enum frame_kind */
	uint64_t function_off; /* bytes into its outermost function, if that is known; else 0 */
	uint32_t first_line;
	uint32_t n_lines; /* innermost function first; ≥ 1: what has no name is `file+0x…` */
};

struct profile_stack {
	uint32_t first_frame; /* in frames[]: indices of locations, leaf first */
	uint32_t n_frames;
};

struct profile_label {
	uint32_t name;  /* string */
	uint32_t value; /* string */
};

struct profile_label_set {
	uint32_t first_label; /* sorted by the text of the name; each name once */
	uint32_t n_labels;
};

/* What of a sample is counted, where it is one thing. */
enum profile_weight { PROFILE_VALUE, PROFILE_COUNT };

struct profile_sample {
	uint32_t stack;
	uint32_t label_set;
	uint64_t count;
	uint64_t value; /* in the unit of the type: ns of CPU time */
	bool is_base;   /* to be subtracted: profile_diff.h */
};

/* One sample by itself. */
struct profile_moment {
	int64_t time_unix_ns;
	uint64_t count;
	uint64_t value;
	uint32_t stack;
	uint32_t label_set;
	uint32_t cpu;   /* that it was taken on */
	bool is_coarse; /* only its second is known: the time is the middle of that, the CPU none */
};

#define PROFILE_MOMENTS_MAX (1UL << 20) /* 40 MiB: three hours of one busy CPU at 99 Hz */

struct profile {
	int64_t start_unix_ns;
	int64_t duration_ns;
	int64_t period_ns; /* between two samples of a busy CPU */
	struct string_table *strings;
	struct profile_mapping *mappings;
	struct profile_function *functions;
	struct profile_line *lines;
	struct profile_location *locations;
	struct profile_stack *stacks;
	uint32_t *frames;
	struct profile_label *labels;
	struct profile_label_set *label_sets;
	struct profile_sample *samples;
	struct profile_moment *moments; /* samples one by one; none, unless they were asked for */
	uint64_t n_untimed; /* of the samples' count, what PROFILE_MOMENTS_MAX kept out of them */
	uint32_t *comments; /* strings, for people: what was lost, which host … */
	size_t n_mappings, n_functions, n_lines, n_locations, n_stacks, n_frames, n_labels,
		n_label_sets, n_samples, n_moments, n_comments;
	struct profile_extras *extras; /* of one that was read from elsewhere, else NULL */
	struct profile_index *index;   /* how profile_add_*() find what is there */
};

/* Returns 0 and sets *@ret_profile, empty (owned by the caller), or -ENOMEM. */
int profile_new(struct profile **ret_profile);

/* Accepts NULL. Always returns NULL. */
struct profile *profile_free(struct profile *profile);

/*
 * Each adds one thing, unless it is there already, and sets *@ret_index to where it is. Returns 0
 * or -ENOMEM. Strings are interned by string_table_add(profile->strings, …).
 *
 * A mapping is the same when start, filename and has_functions are: so what has no names can be a
 * mapping of its own. Its other flags can still be changed through profile->mappings. A location is
 * the same when mapping, kind, address and innermost function are: other @lines of one that is
 * there already are ignored. Stacks, label sets and samples compare whole; adding a sample that is
 * there adds its count and value up.
 */
int profile_add_mapping(struct profile *profile, const struct profile_mapping *mapping,
			uint32_t *ret_index);
int profile_add_function(struct profile *profile, const struct profile_function *function,
			 uint32_t *ret_index);
int profile_add_location(struct profile *profile, const struct profile_location *location,
			 const struct profile_line *lines, size_t n_lines, uint32_t *ret_index);
int profile_add_stack(struct profile *profile, const uint32_t *frames, size_t n_frames,
		      uint32_t *ret_index);
int profile_add_label_set(struct profile *profile, const struct profile_label *labels,
			  size_t n_labels, uint32_t *ret_index);
int profile_add_sample(struct profile *profile, const struct profile_sample *sample);

/* For who reads a profile from elsewhere: as above, even if there is one like it already. */
int profile_append_mapping(struct profile *profile, const struct profile_mapping *mapping);
int profile_append_function(struct profile *profile, const struct profile_function *function);
int profile_append_location(struct profile *profile, const struct profile_location *location,
			    const struct profile_line *lines, size_t n_lines);
int profile_append_label_set(struct profile *profile, const struct profile_label *labels,
			     size_t n_labels);
int profile_append_sample(struct profile *profile, const struct profile_sample *sample);

/*
 * Sort samples that were appended by stack, and add up those of one stack and label set: sooner
 * done than to look for each as it is added, and their bytes repeat one another. Returns 0 or
 * -ENOMEM.
 */
int profile_sum_samples(struct profile *profile);

/* Add a moment as it is; what is beyond PROFILE_MOMENTS_MAX only counts as untimed. */
int profile_add_moment(struct profile *profile, const struct profile_moment *moment);

/* Keep the first @most moments; the others only count as untimed. */
void profile_limit_moments(struct profile *profile, size_t most);

/* Sort the moments by time; those of one time by label set and stack. */
void profile_sort_moments(struct profile *profile);

int profile_add_comment(struct profile *profile, const char *comment);

/* Memory in use, about. */
size_t profile_bytes(const struct profile *profile);

/* The value of the label @name (its text) in a label set, or "": borrowed, as long as @profile. */
const char *profile_label_text(const struct profile *profile, uint32_t label_set, const char *name);
