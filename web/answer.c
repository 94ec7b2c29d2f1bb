/* SPDX-License-Identifier: Apache-2.0 */
#include "web/answer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUOTE_MAX_BYTES    64
#define SENTENCE_MAX_BYTES 1024

static const char out_of_memory[] = "out of memory\n";

void answer_fini(struct answer *answer)
{
	buffer_fini(&answer->body);
	*answer = (struct answer){ 0 };
}

void answer_add_header(struct answer *answer, const char *name, const char *value)
{
	assert(answer->n_headers < ANSWER_MAX_HEADERS);
	answer->headers[answer->n_headers++] = (struct answer_header){ name, value };
}

static void fail_without_memory(struct answer *answer)
{
	answer_fini(answer);
	answer->code = 503;
	answer->media_type = ANSWER_TEXT;
	answer->fixed_body = out_of_memory;
	answer->fixed_size = strlen(out_of_memory);
	answer_add_header(answer, "Retry-After", "5");
}

void answer_finish(struct answer *answer, const char *media_type)
{
	if (buffer_error(&answer->body)) {
		fail_without_memory(answer);
		return;
	}
	answer->code = 200;
	answer->media_type = media_type;
}

void answer_fail(struct answer *answer, unsigned int code, const char *format, ...)
{
	char sentence[SENTENCE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	answer_fini(answer);
	buffer_printf(&answer->body, "%s\n", sentence);
	if (buffer_error(&answer->body)) {
		fail_without_memory(answer);
		return;
	}
	answer->code = code;
	answer->media_type = ANSWER_TEXT;
}

void answer_fail_parameter(struct answer *answer, const char *name, const char *value,
			   const char *rule)
{
	char quoted[4 * QUOTE_MAX_BYTES + 8];
	struct buffer text = { 0 };

	quote_append(&text, value);
	snprintf(quoted, sizeof(quoted), "%.*s", (int)text.size, text.size ? text.data : "");
	buffer_fini(&text);
	answer_fail(answer, 400, "parameter %s is %s, but must be %s", name, quoted, rule);
}

void answer_fail_busy(struct answer *answer, const char *why)
{
	answer_fail(answer, 503, "%s", why);
	if (!answer->n_headers)
		answer_add_header(answer, "Retry-After", "5");
}

void quote_append(struct buffer *out, const char *text)
{
	size_t length = strnlen(text, QUOTE_MAX_BYTES + 1);
	size_t shown = length > QUOTE_MAX_BYTES ? QUOTE_MAX_BYTES : length;

	buffer_append_char(out, '"');
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			buffer_append_char(out, '\\');
		if (c >= ' ' && c < 0x7f)
			buffer_append_char(out, text[i]);
		else
			buffer_printf(out, "\\x%02x", c);
	}
	buffer_append_string(out, length > shown ? "…\"" : "\"");
}
