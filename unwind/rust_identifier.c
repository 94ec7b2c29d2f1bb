/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/rust_identifier.h"

#include <string.h>

#define MAX_CHARACTERS 1024 /* of an identifier that is not all ASCII */

bool rust_identifier_is_empty(const struct rust_identifier *identifier)
{
	return !identifier->n_ascii && !identifier->n_punycode;
}

/* What comes behind the last underscore is Punycode. */
static void divide(struct rust_identifier *identifier)
{
	const char *text = identifier->ascii;
	size_t length = identifier->n_ascii, n = 0;

	while (n < length && text[length - 1 - n] != '_')
		n++;
	identifier->n_punycode = n;
	identifier->punycode = text + length - n;
	identifier->n_ascii = n < length ? length - n - 1 : 0;
}

bool rust_identifier_take(struct name_reader *reader, struct rust_identifier *ret_identifier)
{
	bool has_punycode = name_take(reader, 'u');
	size_t length = 0;

	if (!name_is_digit(name_peek(reader)))
		return false;
	if (!name_take(reader, '0') && !name_take_number(reader, &length))
		return false;
	name_take(reader, '_');
	if (length > reader->end - reader->at)
		return false;
	*ret_identifier = (struct rust_identifier){
		.ascii = reader->symbol + reader->at,
		.n_ascii = length,
	};
	reader->at += length;
	if (has_punycode)
		divide(ret_identifier);
	return !has_punycode || ret_identifier->n_punycode;
}

/* The way through an identifier in Punycode, by RFC 3492. */
struct punycode {
	const char *next;
	const char *end;
	uint32_t characters[MAX_CHARACTERS];
	size_t n_characters;
	uint64_t character; /* and where the next one is put in */
	uint64_t position;
	uint64_t bias;
	bool is_first;
};

static bool take_digit(struct punycode *punycode, uint64_t *ret_digit)
{
	char letter = punycode->next < punycode->end ? *punycode->next++ : '\0';

	if (letter >= 'a' && letter <= 'z')
		*ret_digit = (uint64_t)(letter - 'a');
	else if (name_is_digit(letter))
		*ret_digit = (uint64_t)(letter - '0') + 26;
	else
		return false;
	return true;
}

/* A number whose digits weigh less and less, the smaller ones end it. */
static bool take_distance(struct punycode *punycode, uint64_t *ret_distance)
{
	uint64_t distance = 0, weight = 1, digit, least, k = 36;

	for (;; k += 36) {
		if (!take_digit(punycode, &digit))
			return false;
		least = k <= punycode->bias ? 1 : k - punycode->bias > 26 ? 26 : k - punycode->bias;
		distance += digit * weight;
		if (distance > UINT32_MAX)
			return false;
		if (digit < least)
			break;
		weight *= 36 - least;
	}
	*ret_distance = distance;
	return true;
}

static void adapt(struct punycode *punycode, uint64_t distance)
{
	uint64_t k = 0;

	distance /= punycode->is_first ? 700 : 2;
	distance += distance / punycode->n_characters;
	for (; distance > 35 * 26 / 2; k += 36)
		distance /= 35;
	punycode->bias = k + 36 * distance / (distance + 38);
	punycode->is_first = false;
}

static bool insert_next(struct punycode *punycode)
{
	uint32_t *place;
	uint64_t distance;

	if (punycode->n_characters == MAX_CHARACTERS || !take_distance(punycode, &distance))
		return false;
	punycode->n_characters++;
	punycode->position += distance;
	punycode->character += punycode->position / punycode->n_characters;
	punycode->position %= punycode->n_characters;
	if (punycode->character > 0x10ffff)
		return false;
	place = punycode->characters + punycode->position;
	memmove(place + 1, place,
		(punycode->n_characters - 1 - punycode->position) * sizeof(*place));
	*place = (uint32_t)punycode->character;
	punycode->position++;
	adapt(punycode, distance);
	return true;
}

/* In UTF-8. */
static bool put_character(struct name_reader *reader, uint32_t character)
{
	static const uint32_t firsts[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t n_more = (character >= 0x80) + (character >= 0x800) + (character >= 0x10000);
	bool is_put = name_put_byte(reader, (char)(firsts[n_more] | character >> (6 * n_more)));

	while (is_put && n_more--)
		is_put = name_put_byte(reader, (char)(0x80 | (character >> (6 * n_more) & 0x3f)));
	return is_put;
}

bool rust_identifier_put(struct name_reader *reader, const struct rust_identifier *identifier)
{
	struct punycode punycode = {
		.next = identifier->punycode,
		.end = identifier->punycode + identifier->n_punycode,
		.character = 0x80,
		.bias = 72,
		.is_first = true,
	};

	if (!identifier->n_punycode)
		return name_put_bytes(reader, identifier->ascii, identifier->n_ascii);
	if (identifier->n_ascii > MAX_CHARACTERS)
		return false;
	for (; punycode.n_characters < identifier->n_ascii; punycode.n_characters++)
		punycode.characters[punycode.n_characters] =
			(uint8_t)identifier->ascii[punycode.n_characters];
	while (punycode.next < punycode.end)
		if (!insert_next(&punycode))
			return false;
	for (size_t i = 0; i < punycode.n_characters; i++)
		if (!put_character(reader, punycode.characters[i]))
			return false;
	return true;
}
