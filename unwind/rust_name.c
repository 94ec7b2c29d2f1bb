/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/rust_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/rust_identifier.h"

#define LIFETIMES_MAX 1024 /* bound at one place */

struct rust_reader {
	struct name_reader name;
	uint64_t n_lifetimes; /* bound around here */
	bool is_silent;       /* what is read is not written, nor is it followed */
	bool is_open;         /* the trait that was read last wants a bracket */
};

static bool read_type(struct rust_reader *reader);
static bool read_path(struct rust_reader *reader, bool is_value);
static bool read_constant(struct rust_reader *reader);

static bool take(struct rust_reader *reader, char letter)
{
	return name_take(&reader->name, letter);
}

static bool put(struct rust_reader *reader, const char *text)
{
	return reader->is_silent || name_put(&reader->name, text);
}

static bool put_number(struct rust_reader *reader, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return put(reader, text);
}

static int digit_of(char letter)
{
	if (name_is_digit(letter))
		return letter - '0';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 10;
	return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 36 : -1;
}

/* A number to the base of 62: "_" is 0, "0_" is 1. */
static bool take_number(struct rust_reader *reader, uint64_t *ret_number)
{
	uint64_t number = 0;
	int digit;

	if (take(reader, '_')) {
		*ret_number = 0;
		return true;
	}
	for (; (digit = digit_of(name_peek(&reader->name))) >= 0; reader->name.at++) {
		if (number > (UINT64_MAX - 64) / 62)
			return false;
		number = number * 62 + (uint64_t)digit;
	}
	*ret_number = number + 1;
	return take(reader, '_');
}

/* The number behind @letter, and one; or 0: there is none. */
static bool take_number_after(struct rust_reader *reader, char letter, uint64_t *ret_number)
{
	*ret_number = 0;
	if (!take(reader, letter))
		return true;
	if (!take_number(reader, ret_number))
		return false;
	++*ret_number;
	return true;
}

static bool put_identifier(struct rust_reader *reader, const struct rust_identifier *identifier)
{
	return reader->is_silent || rust_identifier_put(&reader->name, identifier);
}

/* A name, and which of several with that name. */
static bool take_identifier(struct rust_reader *reader, struct rust_identifier *ret_identifier,
			    uint64_t *ret_which)
{
	return take_number_after(reader, 's', ret_which) &&
	       rust_identifier_take(&reader->name, ret_identifier);
}

/* Read by @read what a back reference leads to, which is before it. */
static bool follow(struct rust_reader *reader, bool (*read)(struct rust_reader *reader))
{
	size_t from = reader->name.at, next;
	uint64_t target;
	bool is_read;

	if (!take_number(reader, &target) || target >= from - strlen("_R"))
		return false;
	if (reader->is_silent)
		return true;
	next = reader->name.at;
	reader->name.at = strlen("_R") + (size_t)target;
	is_read = read(reader);
	reader->name.at = next;
	return is_read;
}

/* Items up to "E", by @read, with @between them; *@ret_n of them. */
static bool read_list(struct rust_reader *reader, bool (*read)(struct rust_reader *reader),
		      const char *between, size_t *ret_n)
{
	for (*ret_n = 0; !take(reader, 'E'); ++*ret_n)
		if ((*ret_n && !put(reader, between)) || !read(reader))
			return false;
	return true;
}

/* Counted from the innermost that is bound. */
static bool put_lifetime(struct rust_reader *reader, uint64_t lifetime)
{
	uint64_t depth = reader->n_lifetimes - lifetime;
	char text[4] = "'_";

	if (lifetime > reader->n_lifetimes)
		return false;
	if (lifetime && depth < 26)
		text[1] = (char)('a' + depth);
	return put(reader, text) && (!lifetime || depth < 26 || put_number(reader, depth));
}

static bool read_binder(struct rust_reader *reader)
{
	uint64_t n;

	if (!take_number_after(reader, 'G', &n))
		return false;
	reader->name.is_refused |= n > LIFETIMES_MAX;
	if (n > LIFETIMES_MAX || (n && !put(reader, "for<")))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		reader->n_lifetimes++;
		if ((i && !put(reader, ", ")) || !put_lifetime(reader, 1))
			return false;
	}
	return !n || put(reader, "> ");
}

static bool read_argument(struct rust_reader *reader)
{
	uint64_t lifetime;

	if (take(reader, 'L'))
		return take_number(reader, &lifetime) && put_lifetime(reader, lifetime);
	return take(reader, 'K') ? read_constant(reader) : read_type(reader);
}

/* What has no name of its own, such as a closure. */
static bool put_special(struct rust_reader *reader, char kind,
			const struct rust_identifier *identifier, uint64_t which)
{
	const char other[] = { kind, '\0' };

	if (!put(reader, "::{") || !put(reader, kind == 'C'   ? "closure"
						: kind == 'S' ? "shim"
							      : other))
		return false;
	if (!rust_identifier_is_empty(identifier) &&
	    (!put(reader, ":") || !put_identifier(reader, identifier)))
		return false;
	return put(reader, "#") && put_number(reader, which) && put(reader, "}");
}

static bool read_nested(struct rust_reader *reader, bool is_value)
{
	char kind = name_peek(&reader->name);
	struct rust_identifier identifier;
	uint64_t which;

	if (digit_of(kind) < 10 || !take(reader, kind) || !read_path(reader, is_value) ||
	    !take_identifier(reader, &identifier, &which))
		return false;
	if (kind >= 'A' && kind <= 'Z')
		return put_special(reader, kind, &identifier, which);
	return rust_identifier_is_empty(&identifier) ||
	       (put(reader, "::") && put_identifier(reader, &identifier));
}

static bool read_silently(struct rust_reader *reader)
{
	bool was_silent = reader->is_silent, is_read;

	reader->is_silent = true;
	is_read = read_path(reader, false);
	reader->is_silent = was_silent;
	return is_read;
}

/* A method is found by its type, and by the trait that this implements. Where the code of the
 * implementation lies, is left out. */
static bool read_implementation(struct rust_reader *reader, char letter)
{
	uint64_t which;

	if (letter != 'Y' && (!take_number_after(reader, 's', &which) || !read_silently(reader)))
		return false;
	if (!put(reader, "<") || !read_type(reader))
		return false;
	if (letter != 'M' && (!put(reader, " as ") || !read_path(reader, false)))
		return false;
	return put(reader, ">");
}

/* All but the last bracket. */
static bool read_generic(struct rust_reader *reader, bool is_value)
{
	size_t n;

	return read_path(reader, is_value) && put(reader, is_value ? "::<" : "<") &&
	       read_list(reader, read_argument, ", ", &n);
}

static bool read_path_of_type(struct rust_reader *reader)
{
	return read_path(reader, false);
}

static bool read_path_of_value(struct rust_reader *reader)
{
	return read_path(reader, true);
}

static bool read_path_inside(struct rust_reader *reader, bool is_value)
{
	char letter = name_peek(&reader->name);
	struct rust_identifier identifier;
	uint64_t which;

	if (!letter || !take(reader, letter))
		return false;
	switch (letter) {
	case 'C':
		return take_identifier(reader, &identifier, &which) &&
		       put_identifier(reader, &identifier);
	case 'N':
		return read_nested(reader, is_value);
	case 'M':
	case 'X':
	case 'Y':
		return read_implementation(reader, letter);
	case 'I':
		return read_generic(reader, is_value) && put(reader, ">");
	case 'B':
		return follow(reader, is_value ? read_path_of_value : read_path_of_type);
	default:
		return false;
	}
}

static bool read_path(struct rust_reader *reader, bool is_value)
{
	bool is_read;

	if (!name_enter(&reader->name))
		return false;
	is_read = read_path_inside(reader, is_value);
	name_leave(&reader->name);
	return is_read;
}

/* The bracket of a trait's arguments stays open, for the types that it is used with. */
static bool read_open_path(struct rust_reader *reader)
{
	bool is_generic = take(reader, 'I'), is_read;

	if (!is_generic && take(reader, 'B')) {
		if (!name_enter(&reader->name))
			return false;
		is_read = follow(reader, read_open_path);
		name_leave(&reader->name);
		return is_read;
	}
	is_read = is_generic ? read_generic(reader, false) : read_path(reader, false);
	reader->is_open = is_generic;
	return is_read;
}

static bool read_trait(struct rust_reader *reader)
{
	struct rust_identifier identifier;
	bool is_open;

	reader->is_open = false;
	if (!read_open_path(reader))
		return false;
	for (is_open = reader->is_open; take(reader, 'p'); is_open = true)
		if (!put(reader, is_open ? ", " : "<") ||
		    !rust_identifier_take(&reader->name, &identifier) ||
		    !put_identifier(reader, &identifier) || !put(reader, " = ") ||
		    !read_type(reader))
			return false;
	return !is_open || put(reader, ">");
}

static bool read_object(struct rust_reader *reader)
{
	uint64_t n_lifetimes = reader->n_lifetimes, lifetime;
	size_t n;

	if (!put(reader, "dyn ") || !read_binder(reader) ||
	    !read_list(reader, read_trait, " + ", &n))
		return false;
	reader->n_lifetimes = n_lifetimes;
	if (!take(reader, 'L') || !take_number(reader, &lifetime))
		return false;
	return !lifetime || (put(reader, " + ") && put_lifetime(reader, lifetime));
}

/* In which "-" is written as "_". */
static bool put_convention(struct rust_reader *reader, const struct rust_identifier *convention)
{
	char letter[2] = "";

	if (!put(reader, "extern \""))
		return false;
	for (size_t i = 0; i < convention->n_ascii; i++) {
		letter[0] = convention->ascii[i] == '_' ? '-' : convention->ascii[i];
		if (!put(reader, letter))
			return false;
	}
	return put(reader, "\" ");
}

static bool read_convention(struct rust_reader *reader)
{
	struct rust_identifier convention = { .ascii = "C", .n_ascii = 1 };

	if (!take(reader, 'K'))
		return true;
	if (!take(reader, 'C') && (!rust_identifier_take(&reader->name, &convention) ||
				   convention.n_punycode || !convention.n_ascii))
		return false;
	return put_convention(reader, &convention);
}

static bool read_function(struct rust_reader *reader)
{
	uint64_t n_lifetimes = reader->n_lifetimes;
	size_t n;

	if (!read_binder(reader) || (take(reader, 'U') && !put(reader, "unsafe ")) ||
	    !read_convention(reader) || !put(reader, "fn(") ||
	    !read_list(reader, read_type, ", ", &n) || !put(reader, ")"))
		return false;
	if (!take(reader, 'u') && (!put(reader, " -> ") || !read_type(reader)))
		return false;
	reader->n_lifetimes = n_lifetimes;
	return true;
}

static bool read_reference(struct rust_reader *reader, bool is_mutable)
{
	uint64_t lifetime = 0;

	if (!put(reader, "&") || (take(reader, 'L') && !take_number(reader, &lifetime)))
		return false;
	if (lifetime && (!put_lifetime(reader, lifetime) || !put(reader, " ")))
		return false;
	return (!is_mutable || put(reader, "mut ")) && read_type(reader);
}

static bool read_array(struct rust_reader *reader, bool has_length)
{
	if (!put(reader, "[") || !read_type(reader))
		return false;
	if (has_length && (!put(reader, "; ") || !read_constant(reader)))
		return false;
	return put(reader, "]");
}

static bool read_tuple(struct rust_reader *reader)
{
	size_t n;

	return put(reader, "(") && read_list(reader, read_type, ", ", &n) &&
	       (n != 1 || put(reader, ",")) && put(reader, ")");
}

static const char *basic_type(char letter)
{
	static const char *const types[] = {
		"i8",    "bool", "char", "f64", "str",  "f32",  NULL,  "u8", "isize",
		"usize", NULL,   "i32",  "u32", "i128", "u128", "_",   NULL, NULL,
		"i16",   "u16",  "()",   "...", NULL,   "i64",  "u64", "!",
	};

	return letter >= 'a' && letter <= 'z' ? types[letter - 'a'] : NULL;
}

static bool read_type_inside(struct rust_reader *reader, char letter)
{
	if (letter && strchr("RQPOASTFDB", letter))
		take(reader, letter);
	switch (letter) {
	case 'R':
	case 'Q':
		return read_reference(reader, letter == 'Q');
	case 'P':
	case 'O':
		return put(reader, letter == 'P' ? "*const " : "*mut ") && read_type(reader);
	case 'A':
	case 'S':
		return read_array(reader, letter == 'A');
	case 'T':
		return read_tuple(reader);
	case 'F':
		return read_function(reader);
	case 'D':
		return read_object(reader);
	case 'B':
		return follow(reader, read_type);
	default:
		return read_path(reader, false);
	}
}

static bool read_type(struct rust_reader *reader)
{
	char letter = name_peek(&reader->name);
	const char *basic = basic_type(letter);
	bool is_read;

	if (!name_enter(&reader->name))
		return false;
	if (basic)
		is_read = take(reader, letter) && put(reader, basic);
	else
		is_read = read_type_inside(reader, letter);
	name_leave(&reader->name);
	return is_read;
}

/* Hexadecimal digits up to "_"; *@ret_value: those of the last 64 bits. */
static bool take_hexadecimal(struct rust_reader *reader, uint64_t *ret_value, size_t *ret_n_digits)
{
	int digit;

	*ret_value = 0;
	for (*ret_n_digits = 0; !take(reader, '_'); ++*ret_n_digits) {
		digit = digit_of(name_peek(&reader->name));
		if (digit < 0 || digit > 15)
			return false;
		reader->name.at++;
		*ret_value = *ret_value << 4 | (uint64_t)digit;
	}
	return *ret_n_digits != 0;
}

static bool read_integer(struct rust_reader *reader)
{
	size_t at = reader->name.at, n_digits;
	uint64_t value;

	if (!take_hexadecimal(reader, &value, &n_digits))
		return false;
	if (n_digits <= 16)
		return put_number(reader, value);
	return put(reader, "0x") &&
	       (reader->is_silent ||
		name_put_bytes(&reader->name, reader->name.symbol + at, n_digits));
}

static bool read_truth(struct rust_reader *reader)
{
	size_t n_digits;
	uint64_t value;

	return take_hexadecimal(reader, &value, &n_digits) && n_digits == 1 && value <= 1 &&
	       put(reader, value ? "true" : "false");
}

static bool read_character(struct rust_reader *reader)
{
	char text[24];
	size_t n_digits;
	uint64_t value;

	if (!take_hexadecimal(reader, &value, &n_digits) || n_digits > 8)
		return false;
	if (value == '\t' || value == '\r' || value == '\n')
		snprintf(text, sizeof(text), "'\\%c'",
			 value == '\t'   ? 't'
			 : value == '\r' ? 'r'
					 : 'n');
	else if (value > ' ' && value < '~')
		snprintf(text, sizeof(text), "'%c'", (char)value);
	else
		snprintf(text, sizeof(text), "'\\u{%" PRIx64 "}'", value);
	return put(reader, text);
}

static bool read_constant_inside(struct rust_reader *reader)
{
	char letter = name_peek(&reader->name);

	if (!letter || !take(reader, letter))
		return false;
	if (letter == 'B')
		return follow(reader, read_constant);
	if (letter == 'p')
		return put(reader, "_");
	if (letter == 'b')
		return read_truth(reader);
	if (letter == 'c')
		return read_character(reader);
	if (strchr("htmyoj", letter))
		return read_integer(reader);
	return strchr("aslxni", letter) && (!take(reader, 'n') || put(reader, "-")) &&
	       read_integer(reader);
}

static bool read_constant(struct rust_reader *reader)
{
	bool is_read;

	if (!name_enter(&reader->name))
		return false;
	is_read = read_constant_inside(reader);
	name_leave(&reader->name);
	return is_read;
}

static bool read_name(struct rust_reader *reader)
{
	if (!read_path(reader, true))
		return false;
	/* Which crate it was made for. */
	if (reader->name.at < reader->name.end && !read_silently(reader))
		return false;
	return reader->name.at == reader->name.end;
}

int rust_name_read(const char *symbol, char *text, size_t *ret_length)
{
	static const char letters[] =
		"0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct rust_reader reader = {
		.name = {
			.symbol = symbol,
			.end = strspn(symbol, letters), /* a suffix says which copy it is */
			.at = strlen("_R"),
			.work = NAME_WORK_MAX,
			.text = text,
		},
	};
	char after = symbol[reader.name.end];

	if (strncmp(symbol, "_R", strlen("_R")) != 0 || (after && after != '.'))
		return -EINVAL;
	if (!read_name(&reader) && reader.name.length < NAME_TEXT_MAX_BYTES)
		return reader.name.is_refused ? -E2BIG : -EINVAL;
	*ret_length = reader.name.length;
	return 0;
}
