/* SPDX-License-Identifier: Apache-2.0 */
#include "export/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct character {
	uint32_t code_point;
	size_t n_bytes;
	bool is_valid;
};

/*
 * The character at @text, which must not be at its end. What is not well formed (RFC 3629:
 * overlong, a surrogate, beyond U+10FFFF, cut short) is one byte long.
 */
static struct character decode(const char *text)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const uint8_t *bytes = (const uint8_t *)text;
	const struct character invalid = { bytes[0], 1, false };
	uint32_t code_point;
	size_t form = 0;

	if (bytes[0] < 0x80)
		return (struct character){ bytes[0], 1, true };
	while (form < ARRAY_SIZE(forms) && (bytes[0] & forms[form].mask) != forms[form].lead)
		form++;
	if (form == ARRAY_SIZE(forms))
		return invalid;
	code_point = bytes[0] & (uint8_t)~forms[form].mask;
	for (size_t i = 1; i <= form + 1; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return invalid;
		code_point = code_point << 6 | (bytes[i] & 0x3f);
	}
	if (code_point < forms[form].least || code_point > 0x10ffff ||
	    (code_point >= 0xd800 && code_point <= 0xdfff))
		return invalid;
	return (struct character){ code_point, form + 2, true };
}

static bool character_is_treacherous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||     /* controls */
	       c == 0x2028 || c == 0x2029 ||              /* separators of lines and paragraphs */
	       c == 0x200e || c == 0x200f ||              /* direction of writing … */
	       (c >= 0x202a && c <= 0x202e) ||            /* … */
	       (c >= 0x2066 && c <= 0x2069) ||            /* … */
	       c == 0xfeff || c == 0xfffe || c == 0xffff; /* no text, the last two not in XML */
}

static void append_escaped(struct buffer *out, const char *bytes, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		buffer_printf(out, "\\x%02x", (uint8_t)bytes[i]);
}

/* Appends one valid character, which is at @text, in its way. */
typedef void append_fn(struct buffer *out, const char *text, struct character character);

/* How many bytes at @text are printable ASCII, and none of @specials. */
static size_t plain_length(const char *text, const char *specials)
{
	size_t length = 0;

	while (text[length] >= 0x20 && text[length] < 0x7f && !strchr(specials, text[length]))
		length++;
	return length;
}

static void append_text(struct buffer *out, const char *text, const char *specials,
			append_fn *append_character)
{
	while (*text) {
		size_t n_plain = plain_length(text, specials);
		struct character character;

		buffer_append(out, text, n_plain);
		text += n_plain;
		if (!*text)
			return;
		character = decode(text);
		if (character.is_valid)
			append_character(out, text, character);
		else
			buffer_append_string(out, REPLACEMENT);
		text += character.n_bytes;
	}
}

static void append_as_it_is(struct buffer *out, const char *text, struct character character)
{
	buffer_append(out, text, character.n_bytes);
}

static void append_printable(struct buffer *out, const char *text, struct character character)
{
	bool is_like_escaped = text[0] == '\\' && text[1] == 'x';

	if (is_like_escaped || character_is_treacherous(character.code_point))
		append_escaped(out, text, character.n_bytes);
	else
		append_as_it_is(out, text, character);
}

static void append_in_field(struct buffer *out, const char *text, struct character character)
{
	if (character.code_point == ';')
		append_escaped(out, text, character.n_bytes);
	else
		append_printable(out, text, character);
}

static void append_in_word(struct buffer *out, const char *text, struct character character)
{
	if (character.code_point == ' ')
		append_escaped(out, text, character.n_bytes);
	else
		append_printable(out, text, character);
}

static void append_in_xml(struct buffer *out, const char *text, struct character character)
{
	switch (character.code_point) {
	case '<':
		buffer_append_string(out, "&lt;");
		break;
	case '>':
		buffer_append_string(out, "&gt;");
		break;
	case '&':
		buffer_append_string(out, "&amp;");
		break;
	case '"':
		buffer_append_string(out, "&quot;");
		break;
	case '\'':
		buffer_append_string(out, "&#39;");
		break;
	default:
		append_printable(out, text, character);
	}
}

/* All that is treacherous has four digits. */
static void append_in_json(struct buffer *out, const char *text, struct character character)
{
	uint32_t c = character.code_point;

	if (c == '"' || c == '\\')
		buffer_printf(out, "\\%c", (char)c);
	else if (c == '<' || c == '>' || c == '&' || character_is_treacherous(c))
		buffer_printf(out, "\\u%04" PRIx32, c);
	else
		append_as_it_is(out, text, character);
}

void text_append_utf8(struct buffer *out, const char *text)
{
	append_text(out, text, "", append_as_it_is);
}

void text_append_field(struct buffer *out, const char *text)
{
	append_text(out, text, ";\\", append_in_field);
}

void text_append_line(struct buffer *out, const char *text)
{
	append_text(out, text, "\\", append_printable);
}

void text_append_word(struct buffer *out, const char *text)
{
	append_text(out, text, " \\", append_in_word);
}

void text_append_xml(struct buffer *out, const char *text)
{
	append_text(out, text, "<>&\"'\\", append_in_xml);
}

void text_append_json(struct buffer *out, const char *text)
{
	append_text(out, text, "<>&\"\\", append_in_json);
}
