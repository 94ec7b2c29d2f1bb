/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/utf8.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Well-formed sequences by their first byte: table 3-7 of the Unicode standard. */
static const struct {
	uint8_t first_min, first_max, second_min, second_max;
	uint8_t length;
} forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Bytes of the sequence of more than one byte at @text, or 0 if it is not well formed. */
static size_t sequence_length(const uint8_t *text)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text[0] < forms[i].first_min || text[0] > forms[i].first_max)
			continue;
		if (text[1] < forms[i].second_min || text[1] > forms[i].second_max)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++) {
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].length;
	}
	return 0;
}

/* Whether eight bytes of ASCII are next: nearly all names are made of them. */
static bool starts_plain(const uint8_t *byte, const uint8_t *end)
{
	uint64_t word;

	if (end - byte < (ptrdiff_t)sizeof(word))
		return false;
	memcpy(&word, byte, sizeof(word));
	return !(word & 0x8080808080808080);
}

bool utf8_is_valid(const char *text)
{
	const uint8_t *byte = (const uint8_t *)text, *end = byte + strlen(text);

	while (byte < end) {
		size_t length = starts_plain(byte, end) ? sizeof(uint64_t)
				: *byte < 0x80          ? 1
							: sequence_length(byte);

		if (!length)
			return false;
		byte += length;
	}
	return true;
}

void utf8_sanitize(char *text)
{
	uint8_t *byte = (uint8_t *)text;
	size_t length;

	while (*byte) {
		if (*byte < 0x80) {
			byte++;
			continue;
		}
		length = sequence_length(byte);
		if (!length) {
			*byte = '?';
			length = 1;
		}
		byte += length;
	}
}

size_t utf8_bounded_length(const char *text, size_t max_bytes)
{
	enum { MAX_CHARACTER_BYTES = 4 };
	size_t length = strnlen(text, max_bytes + 1), n_back = 0;

	if (length <= max_bytes)
		return length;
	while (n_back < MAX_CHARACTER_BYTES && n_back < max_bytes &&
	       ((uint8_t)text[max_bytes - n_back] & 0xc0) == 0x80)
		n_back++;
	return n_back < MAX_CHARACTER_BYTES ? max_bytes - n_back
					    : max_bytes; /* else it is no UTF-8 */
}
