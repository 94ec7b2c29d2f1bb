/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Answer: what goes back to a client, before HTTP's own framing.
 *
 * Every answer also gets the headers that keep browsers from misreading or leaking it; here are
 * only those in which answers differ.
 */

#include <stddef.h>

#include "profiler/base/buffer.h"

#define ANSWER_MAX_HEADERS 4
#define ANSWER_TEXT        "text/plain; charset=utf-8"
#define ANSWER_JSON        "application/json"

struct answer_header {
	const char *name;
	const char *value; /* lives as long as the program */
};

struct answer {
	unsigned int code;      /* status; 0 while there is no answer yet */
	const char *media_type; /* lives as long as the program, as do all strings here */
	const char *policy;     /* Content-Security-Policy, NULL: that of the page */
	const char *caching;    /* Cache-Control, NULL: no-store */
	struct answer_header headers[ANSWER_MAX_HEADERS];
	size_t n_headers;
	struct buffer body;
	const void *fixed_body; /* sent instead of @body unless NULL */
	size_t fixed_size;
};

/* Works on a zeroed struct; leaves a zeroed struct. */
void answer_fini(struct answer *answer);

void answer_add_header(struct answer *answer, const char *name, const char *value);

/* The body is done: @answer succeeds with it, or says that memory ran out. */
void answer_finish(struct answer *answer, const char *media_type);

/*
 * Instead of anything said before, @answer is one sentence about what went wrong. @format ends
 * without a full stop or line break.
 */
void answer_fail(struct answer *answer, unsigned int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* 400: the parameter @name has the value @value, but must be what @rule says. */
void answer_fail_parameter(struct answer *answer, const char *name, const char *value,
			   const char *rule);

/* 503, and please come again: @why is the sentence. */
void answer_fail_busy(struct answer *answer, const char *why);

/* Append @text in quotes, on one line, with at most 64 of its bytes, the strange ones as \xNN. */
void quote_append(struct buffer *out, const char *text);
