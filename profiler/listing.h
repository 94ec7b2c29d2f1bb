/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listing: a function that someone wants to read instruction by instruction, and the samples in it.
 *
 *     build id, and name or elf_vaddr  --listing_find-->  file, range
 *     query                            --listing_count-->  samples at each address
 *
 * A build id may be that of several files, as in containers: all of their samples count.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/snapshot.h"
#include "unwind/build_id.h"
#include "unwind/code_range.h"

struct file_view;
struct query;
struct symbol_place;

struct listing_count {
	uint64_t elf_vaddr;
	uint64_t self;  /* samples that were taken there */
	uint64_t total; /* or in what was called from there */
};

/* A zeroed struct is an empty listing. */
struct listing {
	struct snapshot snapshot; /* of names; holds no samples */
	struct file_view *view;   /* held */
	struct code_range range;
	struct listing_count *counts; /* sorted by elf_vaddr */
	size_t n_counts;
	size_t counts_capacity;
	uint64_t self, total; /* of all of it; a stack that leads through it twice counts once */
};

/* What is wanted. */
struct listing_target {
	struct build_id build_id;
	const char *function; /* as the linker calls it, or demangled; NULL: at elf_vaddr */
	uint64_t elf_vaddr;
};

/* Works on a zeroed struct. */
void listing_fini(struct listing *listing);

/*
 * Find the file, in a listing that is empty. Returns 0, -ENOENT if no file with that build id is
 * known, -EAGAIN if its names are pending, -ENODATA if it has none, or -ENOMEM.
 */
int listing_find_file(struct store *store, const struct build_id *build_id,
		      struct listing *listing);

/* As above, and the function in it; -ESRCH: it has no such function. */
int listing_find(struct store *store, const struct listing_target *target, struct listing *listing);

/* Count the samples of @query in it. Returns 0 or -ENOMEM. */
int listing_count(struct store *store, const struct query *query, struct listing *listing);

/* The functions at @elf_vaddr: as symbol_cache_find(). */
int listing_place(struct listing *listing, uint64_t elf_vaddr,
		  const struct symbol_place **ret_place);
