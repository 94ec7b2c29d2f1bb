/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/kernel_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/symbols.h"
#include "profiler/utf8.h"
#include "unwind/symbol_file.h"

int kernel_view_new(struct symbols *symbols, const struct kernel_range *ranges, size_t n_ranges,
		    struct kernel_view **ret_view)
{
	struct kernel_view *view = calloc(1, sizeof(*view) + n_ranges * sizeof(*ranges));

	if (!view)
		return -ENOMEM;
	atomic_init(&view->refs, 1);
	view->symbols = symbols_ref(symbols);
	view->n_ranges = n_ranges;
	for (size_t i = 0; i < n_ranges; i++) {
		view->ranges[i] = ranges[i];
		view->ranges[i].name[sizeof(ranges[i].name) - 1] = '\0';
		utf8_sanitize(view->ranges[i].name);
	}
	*ret_view = view;
	return 0;
}

struct kernel_view *kernel_view_ref(struct kernel_view *view)
{
	if (view)
		atomic_fetch_add(&view->refs, 1);
	return view;
}

struct kernel_view *kernel_view_unref(struct kernel_view *view)
{
	if (view && atomic_fetch_sub(&view->refs, 1) == 1) {
		symbols_unref(view->symbols);
		free(view);
	}
	return NULL;
}

size_t kernel_view_bytes(const struct kernel_view *view)
{
	return view && view->symbols ? symbol_file_bytes(view->symbols->file) : 0;
}

const struct kernel_range *kernel_view_find(const struct kernel_view *view, uint64_t addr)
{
	size_t low = 0, high = view->n_ranges, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (view->ranges[middle].end_addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < view->n_ranges && view->ranges[low].start_addr <= addr)
		return &view->ranges[low];
	return NULL;
}

static bool is_module(const struct kernel_range *range)
{
	return strcmp(range->name, KERNEL_RANGE_NAME) != 0 &&
	       strcmp(range->name, BPF_RANGE_NAME) != 0;
}

bool kernel_view_keeps_modules(const struct kernel_view *before, const struct kernel_view *after)
{
	for (size_t i = 0; i < before->n_ranges; i++) {
		const struct kernel_range *range = &before->ranges[i], *now;

		now = kernel_view_find(after, range->start_addr);
		if (is_module(range) && (!now || strcmp(now->name, range->name) != 0))
			return false;
	}
	return true;
}

uint32_t kernel_view_file(const struct kernel_view *view, uint64_t addr, uint64_t *ret_elf_vaddr)
{
	const struct kernel_range *range = kernel_view_find(view, addr);

	if (!range || !range->file)
		return 0;
	*ret_elf_vaddr = addr - range->slide;
	return range->file;
}
