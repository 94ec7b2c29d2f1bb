/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History file: an executable or library of the past.
 *
 * It is the same as long as its path and its key are. What becomes known of it later, its segments,
 * is added to it.
 */

#include <stdint.h>

#include "profiler/binary_key.h"
#include "unwind/elf_file.h"

struct database;

struct history_file {
	uint32_t path;         /* string (history_dictionary.h) */
	struct binary_key key; /* by which its names are kept on disk; zeros: they are not */
};

/* Find or add a file. Errors are those of database.h, here and below. */
int history_file_put(struct database *database, const struct history_file *file,
		     uint32_t *ret_file);

/* Keep the segments of a file; its build id is in its key. */
int history_file_describe(struct database *database, uint32_t number,
			  const struct elf_description *description);

/* A file, and in *@ret_description its segments, none if nobody has said. -EBADMSG also if there is
 * no such file. */
int history_file_get(struct database *database, uint32_t number, struct history_file *ret_file,
		     struct elf_description *ret_description);
