/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/d_literal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/array.h"

static bool put_character(struct name_reader *reader, char type)
{
	char text[16];
	size_t number;

	if (!name_take_number(reader, &number))
		return false;
	if (type == 'a' && number >= ' ' && number < 0x7f)
		snprintf(text, sizeof(text), "'%c'", (char)number);
	else if (type == 'a')
		snprintf(text, sizeof(text), "'\\x%02zx'", number);
	else if (type == 'u')
		snprintf(text, sizeof(text), "'\\u%04zx'", number);
	else
		snprintf(text, sizeof(text), "'\\U%08zx'", number);
	return name_put(reader, text);
}

static bool put_truth(struct name_reader *reader)
{
	size_t number;

	return name_take_number(reader, &number) && name_put(reader, number ? "true" : "false");
}

static bool put_digits(struct name_reader *reader)
{
	size_t n = 0;

	while (name_is_digit(reader->symbol[reader->at + n]))
		n++;
	return name_put_letters(reader, n);
}

bool d_literal_integer(struct name_reader *reader, char type)
{
	if (type == 'a' || type == 'u' || type == 'w')
		return put_character(reader, type);
	if (type == 'b')
		return put_truth(reader);
	if (!name_is_digit(name_peek(reader)) || !put_digits(reader))
		return false;
	switch (type) {
	case 'h':
	case 't':
	case 'k':
		return name_put(reader, "u");
	case 'l':
		return name_put(reader, "L");
	case 'm':
		return name_put(reader, "uL");
	default:
		return true;
	}
}

static int hexadecimal_digit(char letter)
{
	if (name_is_digit(letter))
		return letter - '0';
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool put_sign(struct name_reader *reader)
{
	return !name_take(reader, 'N') || name_put(reader, "-");
}

/* Hexadecimal, as in C: one digit, the others behind a point, and the exponent of two. */
static bool put_finite(struct name_reader *reader)
{
	size_t n = 0;

	if (!put_sign(reader) || hexadecimal_digit(name_peek(reader)) < 0 ||
	    !name_put(reader, "0x") || !name_put_letters(reader, 1) || !name_put(reader, "."))
		return false;
	while (hexadecimal_digit(reader->symbol[reader->at + n]) >= 0)
		n++;
	return name_put_letters(reader, n) && name_take(reader, 'P') && name_put(reader, "p") &&
	       put_sign(reader) && put_digits(reader);
}

bool d_literal_real(struct name_reader *reader)
{
	static const struct {
		const char *letters;
		const char *text;
	} others[] = { { "NAN", "NaN" }, { "INF", "Inf" }, { "NINF", "-Inf" } };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!name_is_at(reader, others[i].letters))
			continue;
		reader->at += strlen(others[i].letters);
		return name_put(reader, others[i].text);
	}
	return put_finite(reader);
}

bool d_literal_complex(struct name_reader *reader)
{
	return d_literal_real(reader) && name_put(reader, "+") && name_take(reader, 'c') &&
	       d_literal_real(reader) && name_put(reader, "i");
}

/* A byte of a string, in two hexadecimal digits. */
static bool put_string_byte(struct name_reader *reader)
{
	static const char spaces[] = "\t\n\r\f\v", letters[] = "tnrfv";
	int high = hexadecimal_digit(name_peek(reader));
	int low = high < 0 ? -1 : hexadecimal_digit(reader->symbol[reader->at + 1]);
	const char *space;
	char byte;

	if (low < 0)
		return false;
	byte = (char)(high * 16 + low);
	space = byte ? strchr(spaces, byte) : NULL;
	if (space) {
		reader->at += 2;
		return name_put(reader, "\\") && name_put_byte(reader, letters[space - spaces]);
	}
	if (byte < ' ' || byte == 0x7f)
		return name_put(reader, "\\x") && name_put_letters(reader, 2);
	reader->at += 2;
	return name_put_byte(reader, byte);
}

bool d_literal_string(struct name_reader *reader)
{
	char width = name_peek(reader);
	size_t n_bytes;

	reader->at++;
	if (!name_take_number(reader, &n_bytes) || !name_take(reader, '_') ||
	    !name_put(reader, "\""))
		return false;
	for (; n_bytes; n_bytes--)
		if (!put_string_byte(reader))
			return false;
	return name_put(reader, "\"") && (width == 'a' || name_put_byte(reader, width));
}
