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

struct kernel_view {
	atomic_uint refs;
	struct symbols *symbols; /* held, or NULL */
	size_t n_ranges;
	struct kernel_range ranges[]; /* sorted; names are valid UTF-8 */
};

/* Copies @ranges, holds @symbols. Returns 0 and sets *@ret_view (owned by the caller), or -ENOMEM.
 */
int kernel_view_new(struct symbols *symbols, const struct kernel_range *ranges, size_t n_ranges,
		    struct kernel_view **ret_view);

/* Each user calls unref once. Both accept NULL; unref always returns NULL. */
struct kernel_view *kernel_view_ref(struct kernel_view *view);
struct kernel_view *kernel_view_unref(struct kernel_view *view);

/* Of its symbol file. Accepts NULL. */
size_t kernel_view_bytes(const struct kernel_view *view);

/* The range that holds @addr, or NULL. Borrowed: lives as long as @view. */
const struct kernel_range *kernel_view_find(const struct kernel_view *view, uint64_t addr);

/* Whether all modules of @before are still where they were in @after. BPF programs come and go:
 * they do not count. */
bool kernel_view_keeps_modules(const struct kernel_view *before, const struct kernel_view *after);

/* The number of the file, of the kernel or of a module, that @addr is in, and in *@ret_elf_vaddr
 * where; or 0: none is known. */
uint32_t kernel_view_file(const struct kernel_view *view, uint64_t addr, uint64_t *ret_elf_vaddr);
