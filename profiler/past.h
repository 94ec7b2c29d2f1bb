/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past: what a query reads of history, in the shapes of the store.
 *
 *     windows of history  --past_read-->  samples, and the dictionary that they refer to
 *
 * Files that live on have the numbers that they have in the store; others have numbers from
 * FRAME_FIRST_PAST_FILE on. Code of a JIT and of the kernel, which will have no symbol file later,
 * has kept a name: the `file` of such a frame is a number from FRAME_FIRST_NAMED on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/past_sample.h"

struct database;
struct dictionary;
struct past;
struct store;

/* A frame that has kept its name. */
struct past_frame {
	const char *path; /* of what it lay in: a perf map, "[kernel.kallsyms]", "[module]" */
	const char *name; /* or "" */
};

/*
 * Read what history has of @wish, within a transaction of @database. Files are held in the table of
 * @store until past_free().
 *
 * Returns 0 and sets *@ret_past (owned by the caller), -EDQUOT if the budget is used up, or an
 * error of database.h. What is damaged is left out, and counted in *@n_damaged.
 */
int past_read(struct database *database, const struct past_wish *wish, struct store *store,
	      struct past **ret_past, uint64_t *n_damaged);

/* Accepts NULL. Always returns NULL. */
struct past *past_free(struct past *past);

/* Whether no two samples have one thread and stack. */
bool past_is_summed(const struct past *past);

/* All are borrowed: they live as long as @past. Samples with times of their own are sorted by time,
 * those of steps are not. */
const struct past_sample *past_samples(const struct past *past, size_t *ret_n_samples);
const struct dictionary *past_dictionary(const struct past *past);
const struct past_frame *past_find_frame(const struct past *past, uint32_t file);
