/* SPDX-License-Identifier: Apache-2.0 */
#include "import/perf_event.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"

#define UNKNOWN       "[unknown]"
#define FILE_NAME_MAX 255

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct builder_text trim(const char *start, const char *end)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (start < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct builder_text){ start, (size_t)(end - start) };
}

/* Digits only. */
static bool parse_number(struct builder_text text, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (!is_digit(text.text[i]) || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text.text[i] - '0'), &number))
			return false;
	}
	*ret_number = number;
	return text.length > 0;
}

/* "1700000000.010000": any number of digits behind the point. */
static bool parse_time(struct builder_text text, int64_t *ret_ns)
{
	const char *point = memchr(text.text, '.', text.length);
	struct builder_text whole = { text.text, point ? (size_t)(point - text.text) : 0 };
	uint64_t seconds, ns = 0, scale = NS_PER_SECOND;

	if (!point || !parse_number(whole, &seconds) || seconds > INT64_MAX / NS_PER_SECOND - 1)
		return false;
	for (size_t i = whole.length + 1; i < text.length; i++) {
		if (!is_digit(text.text[i]))
			return false;
		scale /= 10;
		ns += scale * (uint64_t)(text.text[i] - '0');
	}
	*ret_ns = (int64_t)(seconds * NS_PER_SECOND + ns);
	return true;
}

/* The last word before @end, which is behind @start. */
static struct builder_text last_word(const char *start, const char *end)
{
	const char *from;

	while (end > start && end[-1] == ' ')
		end--;
	for (from = end; from > start && from[-1] != ' ';)
		from--;
	return (struct builder_text){ from, (size_t)(end - from) };
}

/* Where the time is: the last word that is one, and ends with a colon. */
static bool find_time(const char *line, const char *end, struct perf_event *event,
		      struct builder_text *ret_word)
{
	for (const char *colon = end - 1; colon > line; colon--) {
		struct builder_text word;

		if (*colon != ':' || (colon + 1 < end && colon[1] != ' '))
			continue;
		word = last_word(line, colon);
		if (word.text + word.length == colon && parse_time(word, &event->time_ns)) {
			*ret_word = word;
			return true;
		}
	}
	return false;
}

/* "pid/tid", or one number for both. */
static bool parse_thread(struct builder_text word, struct perf_event *event)
{
	const char *slash = memchr(word.text, '/', word.length);
	uint64_t number;

	event->pid = word;
	event->tid = word;
	if (slash) {
		event->pid.length = (size_t)(slash - word.text);
		event->tid.text = slash + 1;
		event->tid.length = word.length - event->pid.length - 1;
	}
	return parse_number(event->pid, &number) && parse_number(event->tid, &number);
}

/* "[001]" */
static uint32_t parse_cpu(struct builder_text word)
{
	const struct builder_text digits = { word.text + 1, word.length > 2 ? word.length - 2 : 0 };
	uint64_t cpu;

	return parse_number(digits, &cpu) && cpu < UINT32_MAX ? (uint32_t)cpu : 0;
}

/* "period event:" or "event:" */
static bool parse_kind(struct builder_text rest, struct perf_event *event)
{
	const char *end = rest.text + rest.length;
	const char *space = memchr(rest.text, ' ', rest.length);
	struct builder_text first = { rest.text, space ? (size_t)(space - rest.text) : 0 };
	uint64_t period;

	event->period = 1;
	event->has_period = space && parse_number(first, &period);
	if (event->has_period) {
		event->period = period;
		rest = trim(space, end);
	}
	if (!rest.length)
		return false;
	/* What follows the name of the event, after a colon and a space, are fields of others. */
	space = memchr(rest.text, ' ', rest.length);
	if (space)
		rest.length = (size_t)(space - rest.text);
	if (rest.text[rest.length - 1] != ':')
		return false;
	rest.length--;
	event->name = rest;
	return rest.length > 0;
}

bool perf_event_parse(const char *line, size_t length, struct perf_event *ret_event)
{
	const char *end = line + length;
	struct builder_text time, word;

	*ret_event = (struct perf_event){ 0 };
	if (!length || line[0] == '\t' || !find_time(line, end, ret_event, &time) ||
	    !parse_kind(trim(time.text + time.length + 1, end), ret_event))
		return false;
	word = last_word(line, time.text);
	if (word.length && word.text[0] == '[') {
		ret_event->cpu = parse_cpu(word);
		word = last_word(line, word.text);
	}
	if (!word.length || !parse_thread(word, ret_event))
		return false;
	ret_event->comm = trim(line, word.text);
	return true;
}

static bool parse_address(const char **text, const char *end, uint64_t *ret_address)
{
	const char *start = *text;

	for (*ret_address = 0; *text < end; ++*text) {
		char c = **text;

		if (is_digit(c))
			*ret_address = *ret_address << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*ret_address = *ret_address << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	return *text > start && *text - start <= 16 && *text < end && **text == ' ';
}

static uint32_t hex_digit(char c)
{
	return (uint32_t)(is_digit(c) ? c - '0' : c - 'a' + 10);
}

/* "symbol+0x12" → "symbol", 0x12 */
static void split_offset(struct builder_text *symbol, uint64_t *ret_off)
{
	size_t at = symbol->length;

	while (at && (is_digit(symbol->text[at - 1]) ||
		      (symbol->text[at - 1] >= 'a' && symbol->text[at - 1] <= 'f')))
		at--;
	if (at == symbol->length || at <= 3 || memcmp(symbol->text + at - 3, "+0x", 3) != 0)
		return;
	for (size_t i = at; i < symbol->length; i++)
		*ret_off = *ret_off << 4 | hex_digit(symbol->text[i]);
	symbol->length = at - 3;
}

bool perf_frame_parse(const char *line, size_t length, struct perf_frame *ret_frame)
{
	struct builder_text rest = trim(line, line + length);
	const char *end = rest.text + rest.length;
	const char *text = rest.text;

	*ret_frame = (struct perf_frame){ 0 };
	if (!rest.length || (line[0] != '\t' && line[0] != ' ') ||
	    !parse_address(&text, end, &ret_frame->address))
		return false;
	rest = (struct builder_text){ text + 1, (size_t)(end - text - 1) }; /* one space */
	if (rest.length && end[-1] == ')') {
		for (const char *open = end - 1; open > rest.text; open--) {
			if (open[0] != '(' || open[-1] != ' ')
				continue;
			ret_frame->path =
				(struct builder_text){ open + 1, (size_t)(end - open - 2) };
			rest.length = (size_t)(open - 1 - rest.text);
			break;
		}
	}
	ret_frame->is_inlined =
		ret_frame->path.length == 7 && !memcmp(ret_frame->path.text, "inlined", 7);
	if (ret_frame->is_inlined)
		ret_frame->path.length = 0;
	ret_frame->symbol = rest;
	split_offset(&ret_frame->symbol, &ret_frame->symbol_off);
	return ret_frame->symbol.length > 0;
}

struct builder_text perf_frame_file(const struct perf_frame *frame)
{
	struct builder_text file = frame->path;

	for (size_t i = frame->path.length; i > 0; i--) {
		if (frame->path.text[i - 1] != '/')
			continue;
		file.text += i;
		file.length -= i;
		break;
	}
	if (!file.length)
		return (struct builder_text){ UNKNOWN, strlen(UNKNOWN) };
	if (file.length > FILE_NAME_MAX)
		file.length = FILE_NAME_MAX;
	return file;
}

bool perf_event_is_clock(struct builder_text name)
{
	static const char *const clocks[] = { "cpu-clock", "task-clock" };

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		size_t length = strlen(clocks[i]);

		if (name.length >= length && !memcmp(name.text, clocks[i], length))
			return true;
	}
	return false;
}
