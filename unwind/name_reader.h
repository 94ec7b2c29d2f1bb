/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Name reader: where one is in a mangled name, and the readable one that is made of it.
 *
 * Whoever reads takes letters from the one and puts text to the other; on the first that does not
 * fit he returns false, and so do his callers. Three bounds make any name cheap: how long its text
 * may get, how deep it may nest, and how much may be done for it in all, which counts what is read
 * again, be it for a back reference or because the first reading led nowhere.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_TEXT_MAX_BYTES 65536
#define NAME_DEPTH_MAX      1024
#define NAME_WORK_MAX       (2 * NAME_TEXT_MAX_BYTES) /* bytes put or moved, parts begun */

struct name_reader {
	const char *symbol; /* borrowed */
	size_t at;          /* what is read next, of symbol */
	size_t end;         /* where its terminator is */
	size_t reference;   /* of back references, each must lie before the one that led to it */
	size_t depth;
	size_t work;
	bool is_refused; /* a bound was met */
	char *text;      /* NAME_TEXT_MAX_BYTES, borrowed */
	size_t length;
};

/* The next letter, or '\0': that was the last one. */
char name_peek(const struct name_reader *reader);

/* Take the next letter if it is @letter. */
bool name_take(struct name_reader *reader, char letter);

/* Whether @word comes next. */
bool name_is_at(const struct name_reader *reader, const char *word);

bool name_is_digit(char letter);

/* Take a decimal number, which is never the last thing in a name. */
bool name_take_number(struct name_reader *reader, size_t *ret_number);

/* Put text at the end, or letters that are taken as they are. What does not fit fills the text. */
bool name_put(struct name_reader *reader, const char *text);
bool name_put_letters(struct name_reader *reader, size_t n_letters);
bool name_put_byte(struct name_reader *reader, char byte);
bool name_put_bytes(struct name_reader *reader, const char *bytes, size_t n_bytes);

/* Put what has been put since @middle in front of what has since @start. */
void name_put_before(struct name_reader *reader, size_t start, size_t middle);

/* Begin a part of the name, which may have parts of its own, and end it. */
bool name_enter(struct name_reader *reader);
void name_leave(struct name_reader *reader);
