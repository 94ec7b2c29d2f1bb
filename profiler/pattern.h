/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pattern: a regular expression by strangers, over values of labels by other strangers.
 *
 * It is PCRE2's, over UTF-8. What one match may cost is bounded: a fraction of a millisecond, and
 * little memory.
 */

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct pattern;

#define PATTERN_ERROR_BYTES 128

/*
 * Compile @text, which must match a text from its start to its end.
 *
 * Returns 0 and sets *@ret_pattern (owned by the caller), or
 * -EINVAL  it means nothing; @ret_error then says why, in PCRE2's words,
 * -ENOMEM  out of memory.
 */
int pattern_new(const char *text, struct pattern **ret_pattern,
		char ret_error[PATTERN_ERROR_BYTES]);

/* As above; some part of a text suffices. */
int pattern_new_anywhere(const char *text, struct pattern **ret_pattern,
			 char ret_error[PATTERN_ERROR_BYTES]);

/* Accepts NULL. Always returns NULL. */
struct pattern *pattern_free(struct pattern *pattern);

/* Whether it matches @text: 1 or 0; or -EDQUOT: that would cost too much. Not safe for two threads
 * at once on one pattern, as is the next. */
int pattern_match(struct pattern *pattern, const char *text);

/*
 * Append @template to @ret_text, after the last pattern_match() of @text, which matched. $1, ${1}
 * and ${name} stand for groups of the pattern, $0 for all of @text, $$ for $; groups that it has
 * not are empty. A name without braces is as long as it can be, as in Go.
 */
void pattern_expand(const struct pattern *pattern, const char *text, const char *template,
		    struct buffer *ret_text);
