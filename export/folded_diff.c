/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides are folded; since either is sorted, they are walked together.
 */
#include "export/folded_diff.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "export/folded.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

/* A side, and the line it is at. */
struct side {
	struct buffer folded;
	const char *stack; /* NULL: at the end */
	size_t stack_length;
	const char *count;
	size_t count_length;
	size_t next; /* where the next line begins */
};

static void side_fini(struct side *side)
{
	buffer_fini(&side->folded);
}

static void side_advance(struct side *side)
{
	const char *line = side->folded.data + side->next;
	size_t left = side->folded.size - side->next;
	const char *end = left ? memchr(line, '\n', left) : NULL;
	const char *space = end ? memrchr(line, ' ', (size_t)(end - line)) : NULL;

	side->stack = NULL;
	if (!space)
		return;
	side->stack = line;
	side->stack_length = (size_t)(space - line);
	side->count = space + 1;
	side->count_length = (size_t)(end - space - 1);
	side->next += (size_t)(end - line) + 1;
}

static int side_init(struct side *side, const struct profile *profile, size_t limit)
{
	int r;

	side->folded.limit = limit;
	r = folded_encode(profile, &side->folded);
	if (r == 0)
		side_advance(side);
	return r;
}

/* Which side's line comes first: less than 0, or more; 0: they are of one stack. */
static int compare(const struct side *a, const struct side *b)
{
	size_t length = a->stack_length < b->stack_length ? a->stack_length : b->stack_length;
	int order;

	if (!a->stack || !b->stack)
		return !a->stack - !b->stack;
	order = memcmp(a->stack, b->stack, length);
	return order ? order
		     : (a->stack_length > b->stack_length) - (a->stack_length < b->stack_length);
}

static void append_count(struct buffer *out, const struct side *side, bool is_there)
{
	buffer_append_char(out, ' ');
	if (is_there)
		buffer_append(out, side->count, side->count_length);
	else
		buffer_append_char(out, '0');
}

int folded_diff_encode(const struct profile *base, const struct profile *profile,
		       struct buffer *out)
{
	_cleanup_(side_fini) struct side before = { 0 }, after = { 0 };
	int r;

	r = side_init(&before, base, out->limit);
	if (r == 0)
		r = side_init(&after, profile, out->limit);
	while (r == 0 && (before.stack || after.stack)) {
		int order = compare(&before, &after);
		const struct side *first = order <= 0 ? &before : &after;

		buffer_append(out, first->stack, first->stack_length);
		append_count(out, &before, order <= 0);
		append_count(out, &after, order >= 0);
		buffer_append_char(out, '\n');
		if (order <= 0)
			side_advance(&before);
		if (order >= 0)
			side_advance(&after);
	}
	return r < 0 ? r : buffer_error(out);
}
