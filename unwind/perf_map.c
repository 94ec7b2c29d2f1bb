/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/perf_map.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "unwind/jit_code.h"
#include "unwind/jit_report.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take a number, which some write with "0x", and the blanks that follow it, off the text. */
static bool take_number(const char **text, const char *end, uint64_t *ret_value)
{
	const char *next = *text, *first;
	uint64_t value = 0;

	if (end - next > 2 && next[0] == '0' && (next[1] == 'x' || next[1] == 'X'))
		next += 2;
	for (first = next; next < end && digit_value(*next) >= 0; next++) {
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)digit_value(*next);
	}
	if (next == first || next == end || (*next != ' ' && *next != '\t'))
		return false;
	while (next < end && (*next == ' ' || *next == '\t'))
		next++;
	*text = next;
	*ret_value = value;
	return true;
}

static int read_line(const char *line, const char *end, struct jit_code *code,
		     struct jit_report *report)
{
	struct jit_function function = { 0 };
	uint64_t size_bytes;

	if (end > line && end[-1] == '\r')
		end--;
	if (line == end)
		return 0;
	if (!take_number(&line, end, &function.start_pc) || !take_number(&line, end, &size_bytes) ||
	    __builtin_add_overflow(function.start_pc, size_bytes, &function.end_pc)) {
		report->entries[JIT_ENTRY_DAMAGED]++;
		return 0;
	}
	function.name = line;
	function.name_length = strnlen(line, (size_t)(end - line));
	return jit_code_add(code, &function);
}

int perf_map_read(const char *text, size_t size, struct jit_code *code, struct jit_report *report)
{
	const char *end = text + size;
	const char *newline;
	int r = 0;

	while (r == 0 && (newline = memchr(text, '\n', (size_t)(end - text)))) {
		r = read_line(text, newline, code, report);
		text = newline + 1;
	}
	return r;
}
