/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel view: names and ranges of the running kernel at one moment; never changes, like a file
 * view.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_file_build.h"

struct symbols;

/* The kernel's own file, with debug information. */
struct kernel_file {
	uint32_t number; /* 0: there is none */
	uint64_t slide;  /* of the kernel from where the file says that it is */
};

struct kernel_view {
	atomic_uint refs;
	struct kernel_file file;
	struct symbols *symbols; /* held, or NULL */
	size_t n_ranges;
	struct kernel_range ranges[]; /* sorted; names are valid UTF-8 */
};

/* Copies @ranges and @file, holds @symbols. Returns 0 and sets *@ret_view (owned by the caller), or
 * -ENOMEM. */
int kernel_view_new(struct symbols *symbols, const struct kernel_range *ranges, size_t n_ranges,
		    const struct kernel_file *file, struct kernel_view **ret_view);

/* Each user calls unref once. Both accept NULL; unref always returns NULL. */
struct kernel_view *kernel_view_ref(struct kernel_view *view);
struct kernel_view *kernel_view_unref(struct kernel_view *view);

/* The range that holds @addr, or NULL. Borrowed: lives as long as @view. */
const struct kernel_range *kernel_view_find(const struct kernel_view *view, uint64_t addr);

/* Whether @addr is one of the kernel's own file, whose number is known: then sets *@ret_elf_vaddr.
 */
bool kernel_view_is_in_file(const struct kernel_view *view, uint64_t addr, uint64_t *ret_elf_vaddr);
