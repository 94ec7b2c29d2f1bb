/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name, in each form that a format holds it in: whatever it is made of, it stays one field of one
 * line, and one piece of text of an XML or JSON file.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "export/text.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void append_fn(struct buffer *out, const char *text);

/* Append @text as a string; what came out must be UTF-8, which is taken over as it is. */
static void append(append_fn *append_text, const char *text, struct buffer *out)
{
	_cleanup_(buffer_fini) struct buffer again = { 0 };

	append_text(out, text);
	buffer_append_char(out, '\0');
	assert(!buffer_error(out));
	text_append_utf8(&again, out->data);
	buffer_append_char(&again, '\0');
	assert(again.size == out->size && !memcmp(again.data, out->data, out->size));
}

static void check_field(const char *text)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	append(text_append_field, text, &out);
	for (const char *byte = out.data; *byte; byte++)
		assert(*byte != ';' && *byte != 0x7f && (uint8_t)*byte >= 0x20);
}

static void check_word(const char *text)
{
	_cleanup_(buffer_fini) struct buffer line = { 0 };
	_cleanup_(buffer_fini) struct buffer word = { 0 };

	append(text_append_line, text, &line);
	append(text_append_word, text, &word);
	assert(!strpbrk(line.data, "\n\r"));
	assert(!strpbrk(word.data, " \n\r\t"));
}

static void check_json(const char *text)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	append(text_append_json, text, &out);
	assert(!strpbrk(out.data, "<>&\n\r\t"));
	for (const char *at = out.data; *at; at++) {
		assert(*at != '"');
		if (*at == '\\')
			assert(*++at && strchr("\"\\u", *at));
	}
}

static void check_xml(const char *text)
{
	static const char *const entities[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#39;" };
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	append(text_append_xml, text, &out);
	assert(!strpbrk(out.data, "<>\"'\n\r\t"));
	for (const char *at = out.data; (at = strchr(at, '&')); at++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(entities) && strncmp(at, entities[i], strlen(entities[i])))
			i++;
		assert(i < ARRAY_SIZE(entities));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	_cleanup_(freep) char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	append(text_append_utf8, text, &out);
	check_field(text);
	check_word(text);
	check_json(text);
	check_xml(text);
	return 0;
}
