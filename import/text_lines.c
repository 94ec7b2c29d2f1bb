/* SPDX-License-Identifier: Apache-2.0 */
#include "import/text_lines.h"

#include <string.h>

bool text_lines_next(struct text_lines *lines)
{
	size_t left = (size_t)(lines->end - lines->next);
	const char *end;

	if (!left)
		return false;
	end = memchr(lines->next, '\n', left);
	lines->line = lines->next;
	lines->length = end ? (size_t)(end - lines->next) : left;
	lines->next = end ? end + 1 : lines->end;
	lines->number++;
	if (lines->length && lines->line[lines->length - 1] == '\r')
		lines->length--;
	return true;
}
