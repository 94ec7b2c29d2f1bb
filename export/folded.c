/* SPDX-License-Identifier: Apache-2.0 */
#include "export/folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/frame_tree.h"
#include "export/text.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct frame_tree *, frame_tree_free)

struct line {
	size_t offset; /* of the stack in the text */
	uint64_t count;
};

struct lines {
	struct buffer text; /* stacks, each with a NUL */
	struct line *lines;
	size_t n_lines;
	size_t capacity;
	struct buffer path; /* the stack of the node that the walk is at … */
	size_t *ends;       /* … and where each depth ends in it */
};

static void lines_fini(struct lines *lines)
{
	buffer_fini(&lines->text);
	buffer_fini(&lines->path);
	free(lines->lines);
	free(lines->ends);
}

static const char *const suffixes[FRAME_NODE_KIND_COUNT] = {
	[FRAME_NODE_ALL] = "",         [FRAME_NODE_PROCESS] = "",    [FRAME_NODE_NATIVE] = "",
	[FRAME_NODE_INLINED] = "_[i]", [FRAME_NODE_KERNEL] = "_[k]", [FRAME_NODE_CUT] = "",
	[FRAME_NODE_JIT] = "_[j]",
};

static void enter_node(struct lines *lines, const struct frame_node *node)
{
	struct buffer *path = &lines->path;

	path->size = lines->ends[node->depth - 1];
	if (node->depth > 1)
		buffer_append_char(path, ';');
	text_append_field(path, node->name);
	buffer_append_string(path, suffixes[node->kind]);
	lines->ends[node->depth] = path->size;
}

static int add_line(struct lines *lines, uint64_t count)
{
	int r = array_reserve((void **)&lines->lines, &lines->capacity, lines->n_lines + 1,
			      sizeof(*lines->lines));

	if (r < 0)
		return r;
	lines->lines[lines->n_lines++] = (struct line){ lines->text.size, count };
	buffer_append(&lines->text, lines->path.data, lines->path.size);
	buffer_append_char(&lines->text, '\0');
	return 0;
}

static int add_lines(struct lines *lines, const struct frame_tree *tree)
{
	int r = 0;

	lines->ends = calloc(tree->max_depth + 1UL, sizeof(*lines->ends));
	if (!lines->ends)
		return -ENOMEM;
	for (size_t i = 1; i < tree->n_nodes && r == 0; i++) {
		enter_node(lines, &tree->nodes[i]);
		if (tree->nodes[i].self)
			r = add_line(lines, tree->nodes[i].self);
	}
	if (r == 0)
		r = buffer_error(&lines->path);
	return r < 0 ? r : buffer_error(&lines->text);
}

static int line_compare(const void *left, const void *right, void *text)
{
	const struct line *a = left, *b = right;

	return strcmp((const char *)text + a->offset, (const char *)text + b->offset);
}

/* Different names can have become the same text. */
static void write_lines(const struct lines *lines, struct buffer *out)
{
	uint64_t count = 0;

	for (size_t i = 0; i < lines->n_lines; i++) {
		const char *stack = lines->text.data + lines->lines[i].offset;

		count += lines->lines[i].count;
		if (i + 1 < lines->n_lines &&
		    !strcmp(stack, lines->text.data + lines->lines[i + 1].offset))
			continue;
		buffer_append_string(out, stack);
		buffer_printf(out, " %" PRIu64 "\n", count);
		count = 0;
	}
}

int folded_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;
	_cleanup_(lines_fini) struct lines lines = { 0 };
	int r;

	r = frame_tree_new(profile, &tree);
	if (r < 0)
		return r;
	r = add_lines(&lines, tree);
	if (r < 0)
		return r;
	if (lines.n_lines)
		qsort_r(lines.lines, lines.n_lines, sizeof(*lines.lines), line_compare,
			lines.text.data);
	write_lines(&lines, out);
	return buffer_error(out);
}
