/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/pattern.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define MATCH_LIMIT    10000
#define DEPTH_LIMIT    1000
#define HEAP_LIMIT_KIB 1024

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *groups;
};

DEFINE_CLEANUP(struct pattern *, pattern_free)

struct pattern *pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return NULL;
	pcre2_code_free(pattern->code);
	pcre2_match_context_free(pattern->limits);
	pcre2_match_data_free(pattern->groups);
	free(pattern);
	return NULL;
}

static int compile(const char *text, uint32_t options, pcre2_code **ret_code,
		   char ret_error[PATTERN_ERROR_BYTES])
{
	PCRE2_SIZE offset;
	int error;

	options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	*ret_code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error, &offset,
				  NULL);
	if (*ret_code)
		return 0;
	if (error == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	pcre2_get_error_message(error, (PCRE2_UCHAR *)ret_error, PATTERN_ERROR_BYTES);
	return -EINVAL;
}

static int make(const char *text, uint32_t options, struct pattern **ret_pattern,
		char ret_error[PATTERN_ERROR_BYTES])
{
	_cleanup_(pattern_freep) struct pattern *pattern = calloc(1, sizeof(*pattern));
	int r;

	if (!pattern)
		return -ENOMEM;
	r = compile(text, options, &pattern->code, ret_error);
	if (r < 0)
		return r;
	pattern->limits = pcre2_match_context_create(NULL);
	pattern->groups = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (!pattern->limits || !pattern->groups)
		return -ENOMEM;
	pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
	*ret_pattern = steal(pattern);
	return 0;
}

int pattern_new(const char *text, struct pattern **ret_pattern, char ret_error[PATTERN_ERROR_BYTES])
{
	return make(text, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL, ret_pattern,
		    ret_error);
}

int pattern_new_anywhere(const char *text, struct pattern **ret_pattern,
			 char ret_error[PATTERN_ERROR_BYTES])
{
	return make(text, 0, ret_pattern, ret_error);
}

int pattern_match(struct pattern *pattern, const char *text)
{
	int r = pcre2_match(pattern->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0,
			    pattern->groups, pattern->limits);

	if (r >= 0)
		return 1;
	return r == PCRE2_ERROR_NOMATCH ? 0 : -EDQUOT;
}

/* Of a name of @length bytes, or -1: there is none. */
static int group_number(const struct pattern *pattern, const char *name, size_t length)
{
	char copy[64];
	int number = 0;

	if (length >= sizeof(copy))
		return -1;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (strspn(copy, "0123456789") != length) {
		number = pcre2_substring_number_from_name(pattern->code, (PCRE2_SPTR)copy);
		return number > 0 ? number : -1;
	}
	for (size_t i = 0; i < length; i++) {
		if (number > INT_MAX / 20)
			return -1;
		number = number * 10 + (copy[i] - '0');
	}
	return number;
}

static void append_group(const struct pattern *pattern, const char *text, int number,
			 struct buffer *ret_text)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->groups);

	if (number < 0 || (uint32_t)number >= pcre2_get_ovector_count(pattern->groups) ||
	    ends[2 * number] == PCRE2_UNSET || ends[2 * number + 1] < ends[2 * number])
		return;
	buffer_append(ret_text, text + ends[2 * number], ends[2 * number + 1] - ends[2 * number]);
}

/* The name of a group that stands at @at, behind the $: its length, or 0 if there is none, and
 * what it takes with its braces. */
static size_t name_length(const char **at, size_t *ret_taken)
{
	static const char letters_digits[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	bool has_brace = **at == '{';
	size_t length;

	*at += has_brace;
	length = strspn(*at, letters_digits);
	if (has_brace && (*at)[length] != '}')
		return 0;
	*ret_taken = length + has_brace;
	return length;
}

void pattern_expand(const struct pattern *pattern, const char *text, const char *template,
		    struct buffer *ret_text)
{
	while (*template) {
		size_t plain = strcspn(template, "$"), length, taken;
		const char *name;

		buffer_append(ret_text, template, plain);
		template += plain;
		if (!*template)
			return;
		name = ++template;
		length = name_length(&name, &taken);
		if (length) {
			append_group(pattern, text, group_number(pattern, name, length), ret_text);
			template = name + taken;
			continue;
		}
		buffer_append_char(ret_text, '$'); /* "$$", or one that begins nothing */
		template += *template == '$';
	}
}
