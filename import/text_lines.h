/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text lines: a text, line by line, without their ends.
 */

#include <stdbool.h>
#include <stddef.h>

struct text_lines {
	const char *next;
	const char *end;
	const char *line; /* the one that was read last; not terminated */
	size_t length;
	size_t number; /* of that line, from 1 */
};

static inline struct text_lines text_lines_of(const char *text, size_t size)
{
	return (struct text_lines){ .next = text, .end = text + size };
}

/* Whether there is one more. "\r" before the end of a line is none of it. */
bool text_lines_next(struct text_lines *lines);
