/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/file_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/symbols.h"
#include "profiler/utf8.h"

int file_view_new(const struct file_facts *facts, struct file_view **ret_view)
{
	size_t path_bytes = strlen(facts->path) + 1;
	struct file_view *view = calloc(1, sizeof(*view) + path_bytes);

	if (!view)
		return -ENOMEM;
	atomic_init(&view->refs, 1);
	view->number = facts->number;
	view->state = facts->state;
	view->symbols = symbols_ref(facts->symbols);
	if (facts->description)
		view->description = *facts->description;
	if (facts->key)
		view->key = *facts->key;
	memcpy(view->path, facts->path, path_bytes);
	utf8_sanitize(view->path);
	*ret_view = view;
	return 0;
}

struct file_view *file_view_ref(struct file_view *view)
{
	atomic_fetch_add(&view->refs, 1);
	return view;
}

struct file_view *file_view_unref(struct file_view *view)
{
	if (view && atomic_fetch_sub(&view->refs, 1) == 1) {
		symbols_unref(view->symbols);
		free(view);
	}
	return NULL;
}

const struct elf_segment *file_view_segment(const struct file_view *view, uint64_t file_off)
{
	const struct elf_description *description = &view->description;

	for (uint32_t i = 0; i < description->n_segments; i++) {
		const struct elf_segment *segment = &description->segments[i];

		if (file_off >= segment->file_off &&
		    file_off - segment->file_off < segment->size_bytes)
			return segment;
	}
	return NULL;
}

const char *file_view_basename(const struct file_view *view)
{
	const char *slash = strrchr(view->path, '/');

	return slash && slash[1] ? slash + 1 : view->path;
}
