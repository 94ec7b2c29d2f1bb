/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Locator: from frames, which are places, to the locations of a profile, which have names.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/pair_map.h"

struct buffer;
struct frame;
struct kernel_view;
struct located_file;
struct profile;
struct snapshot;

struct locator {
	const struct snapshot *snapshot;  /* borrowed */
	const struct kernel_view *kernel; /* borrowed: when the frames were met; or NULL */
	struct profile *profile;          /* borrowed */
	struct located_file *files;
	size_t n_files;
	size_t file_capacity;
	struct pair_map file_index;     /* number → files[] */
	struct pair_map function_index; /* number in the symbol cache → the profile's functions */
};

/* Both must outlive @ret_locator. The kernel is as it is now. */
void locator_init(struct locator *ret_locator, const struct snapshot *snapshot,
		  struct profile *profile);

void locator_fini(struct locator *locator);

/* Add @frame to the profile. Returns 0 and sets *@ret_location (index), or -ENOMEM. */
int locator_add(struct locator *locator, const struct frame *frame, uint32_t *ret_location);

/* Append the readable name of the innermost function at @frame, if any; @kernel is as it was when
 * the frame was met, or NULL. Returns 0 or -ENOMEM. */
int locator_append_name(const struct snapshot *snapshot, const struct kernel_view *kernel,
			const struct frame *frame, struct buffer *ret_name);
