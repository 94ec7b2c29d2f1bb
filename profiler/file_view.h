/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File view: all that is known of one file at one moment. It never changes: what becomes known
 * later makes another view, and whoever reads this one keeps it.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/cleanup.h"
#include "profiler/binary_key.h"
#include "profiler/names_state.h"
#include "unwind/elf_file.h"

struct symbols;

struct file_view {
	atomic_uint refs;
	uint32_t number;
	enum names_state state;
	struct elf_description description; /* zeroes while unknown, as is the next */
	struct binary_key key;   /* by which its names are kept on disk; zeros: they are not */
	struct symbols *symbols; /* held, or NULL */
	char path[];             /* valid UTF-8 */
};

/* What a new view is made from; all borrowed. */
struct file_facts {
	uint32_t number;
	enum names_state state;
	const struct elf_description *description;
	const struct binary_key *key;
	struct symbols *symbols;
	const char *path;
};

/* Returns 0 and sets *@ret_view (owned by the caller), or -ENOMEM. */
int file_view_new(const struct file_facts *facts, struct file_view **ret_view);

/* Each user calls unref once, which accepts NULL and always returns NULL. */
struct file_view *file_view_ref(struct file_view *view);
struct file_view *file_view_unref(struct file_view *view);
DEFINE_CLEANUP(struct file_view *, file_view_unref)

/* The executable segment that holds @file_off, or NULL. Borrowed: lives as long as @view. */
const struct elf_segment *file_view_segment(const struct file_view *view, uint64_t file_off);

/* The path's last part. Borrowed: lives as long as @view. */
const char *file_view_basename(const struct file_view *view);
