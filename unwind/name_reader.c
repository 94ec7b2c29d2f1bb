/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/name_reader.h"

#include <string.h>

char name_peek(const struct name_reader *reader)
{
	return reader->symbol[reader->at];
}

bool name_take(struct name_reader *reader, char letter)
{
	if (name_peek(reader) != letter)
		return false;
	reader->at++;
	return true;
}

bool name_is_at(const struct name_reader *reader, const char *word)
{
	return strncmp(reader->symbol + reader->at, word, strlen(word)) == 0;
}

bool name_is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

bool name_take_number(struct name_reader *reader, size_t *ret_number)
{
	size_t number = 0;

	if (!name_is_digit(name_peek(reader)))
		return false;
	while (name_is_digit(name_peek(reader))) {
		number = number * 10 + (size_t)(name_peek(reader) - '0');
		if (number > UINT32_MAX)
			return false;
		reader->at++;
	}
	*ret_number = number;
	return name_peek(reader) != '\0';
}

bool name_put_bytes(struct name_reader *reader, const char *bytes, size_t n_bytes)
{
	size_t room = NAME_TEXT_MAX_BYTES - reader->length;
	size_t n = n_bytes < room ? n_bytes : room;

	if (n > reader->work) {
		reader->is_refused = true;
		return false;
	}
	memcpy(reader->text + reader->length, bytes, n);
	reader->length += n;
	reader->work -= n;
	reader->is_refused |= reader->length == NAME_TEXT_MAX_BYTES;
	return reader->length < NAME_TEXT_MAX_BYTES;
}

bool name_put(struct name_reader *reader, const char *text)
{
	return name_put_bytes(reader, text, strlen(text));
}

bool name_put_letters(struct name_reader *reader, size_t n_letters)
{
	const char *letters = reader->symbol + reader->at;

	if (n_letters > reader->end - reader->at)
		return false;
	reader->at += n_letters;
	return name_put_bytes(reader, letters, n_letters);
}

bool name_put_byte(struct name_reader *reader, char byte)
{
	return name_put_bytes(reader, &byte, 1);
}

static void reverse(char *first, char *end)
{
	while (first < end) {
		char byte = *first;

		*first++ = *--end;
		*end = byte;
	}
}

void name_put_before(struct name_reader *reader, size_t start, size_t middle)
{
	size_t moved = (reader->length - start) / 8; /* moving is faster than putting */
	char *text = reader->text;

	reader->work -= moved < reader->work ? moved : reader->work;
	reverse(text + start, text + middle);
	reverse(text + middle, text + reader->length);
	reverse(text + start, text + reader->length);
}

bool name_enter(struct name_reader *reader)
{
	if (reader->depth == NAME_DEPTH_MAX || !reader->work) {
		reader->is_refused = true;
		return false;
	}
	reader->depth++;
	reader->work--;
	return true;
}

void name_leave(struct name_reader *reader)
{
	reader->depth--;
}
