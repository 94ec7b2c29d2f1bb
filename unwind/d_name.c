/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/d_name.h"

#include <errno.h>
#include <string.h>

#include "unwind/d_literal.h"
#include "unwind/d_word.h"

static bool read_type(struct name_reader *reader);
static bool read_value(struct name_reader *reader, char type);
static bool read_qualified(struct name_reader *reader, bool with_modifiers);
static bool read_mangled(struct name_reader *reader);

/* Take a back reference: a distance to the base of 26, in capital letters and a small one at its
 * end. Returns whether it leads to somewhere before it, *@ret_at. */
static bool take_reference(struct name_reader *reader, size_t *ret_at)
{
	size_t from = reader->at, distance = 0;

	if (!name_take(reader, 'Q'))
		return false;
	for (; name_peek(reader) >= 'A' && name_peek(reader) <= 'Z'; reader->at++) {
		distance = distance * 26 + (size_t)(name_peek(reader) - 'A');
		if (distance > from)
			return false;
	}
	if (name_peek(reader) < 'a' || name_peek(reader) > 'z')
		return false;
	distance = distance * 26 + (size_t)(name_peek(reader) - 'a');
	reader->at++;
	*ret_at = from - distance;
	return distance && distance <= from;
}

static bool is_at_template(const struct name_reader *reader)
{
	return name_peek(reader) == '_' && (name_is_at(reader, "__T") || name_is_at(reader, "__U"));
}

/* Whether a part of a qualified name comes next, maybe as a reference to its digits. */
static bool is_at_name(const struct name_reader *reader)
{
	struct name_reader ahead = *reader;
	size_t at;

	if (name_is_digit(name_peek(reader)) || is_at_template(reader))
		return true;
	return take_reference(&ahead, &at) && name_is_digit(reader->symbol[at]);
}

static bool is_at_mangled(const struct name_reader *reader)
{
	struct name_reader ahead = *reader;

	return name_take(&ahead, '_') && name_take(&ahead, 'D') && is_at_name(&ahead);
}

static bool read_parameters(struct name_reader *reader)
{
	for (size_t n = 0; !name_take(reader, 'Z'); n++) {
		if (name_take(reader, 'X'))
			return name_put(reader, "...");
		if (n && !name_put(reader, ", "))
			return false;
		if (name_take(reader, 'Y'))
			return name_put(reader, "...");
		if (!d_word_storage(reader) || !read_type(reader))
			return false;
	}
	return true;
}

/* The parameters of a function that is part of a name: how it is called, that leaves out. */
static bool read_signature(struct name_reader *reader)
{
	size_t start = reader->length;

	if (!d_word_convention(reader) || !d_word_attributes(reader))
		return false;
	reader->length = start;
	return name_put(reader, "(") && read_parameters(reader) && name_put(reader, ")");
}

/* Convention, attributes, parameters and type come in this order; the type goes in front of the
 * parameters, the attributes behind them. */
static bool read_function_type(struct name_reader *reader)
{
	size_t start, parameters, type;

	if (!d_word_convention(reader))
		return false;
	start = reader->length;
	if (!name_put(reader, " ") || !d_word_attributes(reader))
		return false;
	parameters = reader->length;
	if (!name_put(reader, "(") || !read_parameters(reader) || !name_put(reader, ")"))
		return false;
	name_put_before(reader, start, parameters);
	type = reader->length;
	if (!read_type(reader))
		return false;
	name_put_before(reader, start, type);
	return true;
}

/* Read by @read what a back reference leads to. */
static bool follow(struct name_reader *reader, bool (*read)(struct name_reader *reader))
{
	size_t from = reader->at, before = reader->reference, next, target;
	bool is_read;

	if (from >= reader->reference || !take_reference(reader, &target))
		return false;
	next = reader->at;
	reader->reference = from;
	reader->at = target;
	is_read = read(reader);
	reader->reference = before;
	reader->at = next;
	return is_read;
}

static bool read_enclosed(struct name_reader *reader, const char *opening)
{
	return name_put(reader, opening) && read_type(reader) && name_put(reader, ")");
}

static bool read_static_array(struct name_reader *reader)
{
	size_t digits = reader->at, n = 0;
	size_t next;

	while (name_is_digit(reader->symbol[digits + n]))
		n++;
	reader->at += n;
	if (!read_type(reader) || !name_put(reader, "["))
		return false;
	next = reader->at;
	reader->at = digits;
	if (!name_put_letters(reader, n))
		return false;
	reader->at = next;
	return name_put(reader, "]");
}

/* The type of its keys comes first, but is written last. */
static bool read_associative_array(struct name_reader *reader)
{
	size_t start = reader->length, value;

	if (!name_put(reader, "[") || !read_type(reader) || !name_put(reader, "]"))
		return false;
	value = reader->length;
	if (!read_type(reader))
		return false;
	name_put_before(reader, start, value);
	return true;
}

static bool read_function_pointer(struct name_reader *reader)
{
	return read_function_type(reader) && name_put(reader, "function");
}

static bool read_delegate(struct name_reader *reader)
{
	size_t start = reader->length, function;

	if (!name_put(reader, "delegate") || !d_word_modifiers(reader))
		return false;
	function = reader->length;
	if (name_peek(reader) == 'Q' ? !follow(reader, read_function_type)
				     : !read_function_type(reader))
		return false;
	name_put_before(reader, start, function);
	return true;
}

static bool read_tuple(struct name_reader *reader)
{
	size_t n_types;

	if (!name_take_number(reader, &n_types) || !name_put(reader, "Tuple!("))
		return false;
	for (; n_types; n_types--)
		if (!read_type(reader) || (n_types > 1 && !name_put(reader, ", ")))
			return false;
	return name_put(reader, ")");
}

static bool read_type_of_two_letters(struct name_reader *reader)
{
	if (name_take(reader, 'g'))
		return read_enclosed(reader, "inout(");
	return name_take(reader, 'h') && read_enclosed(reader, "__vector(");
}

static bool read_type_after(struct name_reader *reader, char letter)
{
	switch (letter) {
	case 'O':
		return read_enclosed(reader, "shared(");
	case 'x':
		return read_enclosed(reader, "const(");
	case 'y':
		return read_enclosed(reader, "immutable(");
	case 'N':
		return read_type_of_two_letters(reader);
	case 'A':
		return read_type(reader) && name_put(reader, "[]");
	case 'G':
		return read_static_array(reader);
	case 'H':
		return read_associative_array(reader);
	case 'P':
		if (d_word_is_convention(reader))
			return read_function_pointer(reader);
		return read_type(reader) && name_put(reader, "*");
	case 'C':
	case 'S':
	case 'E':
	case 'T':
		return read_qualified(reader, false);
	case 'D':
		return read_delegate(reader);
	case 'B':
		return read_tuple(reader);
	default:
		return false;
	}
}

static bool read_type(struct name_reader *reader)
{
	char letter = name_peek(reader);
	bool is_read;

	if (!letter || !name_enter(reader))
		return false;
	if (letter == 'Q')
		is_read = follow(reader, read_type);
	else if (d_word_is_convention(reader))
		is_read = read_function_pointer(reader);
	else
		is_read = d_word_basic_type(reader) ||
			  (name_take(reader, letter) && read_type_after(reader, letter));
	name_leave(reader);
	return is_read;
}

static bool read_integer_value(struct name_reader *reader, char type)
{
	if (name_take(reader, 'N') && !name_put(reader, "-"))
		return false;
	name_take(reader, 'i');
	return d_literal_integer(reader, type);
}

/* @n values, or pairs of a key and a value. */
static bool read_values(struct name_reader *reader, size_t n, bool are_pairs)
{
	for (; n; n--) {
		if (are_pairs && (!read_value(reader, '\0') || !name_put(reader, ":")))
			return false;
		if (!read_value(reader, '\0') || (n > 1 && !name_put(reader, ", ")))
			return false;
	}
	return true;
}

static bool read_value_after(struct name_reader *reader, char letter, char type)
{
	size_t n;

	switch (letter) {
	case 'n':
		return name_put(reader, "null");
	case 'e':
		return d_literal_real(reader);
	case 'c':
		return d_literal_complex(reader);
	case 'A':
		return name_take_number(reader, &n) && name_put(reader, "[") &&
		       read_values(reader, n, type == 'H') && name_put(reader, "]");
	case 'S':
		return name_take_number(reader, &n) && name_put(reader, "(") &&
		       read_values(reader, n, false) && name_put(reader, ")");
	case 'f':
		return is_at_mangled(reader) && read_mangled(reader);
	default:
		return false;
	}
}

/* A value whose type began with @type, or '\0': that is not known. */
static bool read_value(struct name_reader *reader, char type)
{
	char letter = name_peek(reader);
	bool is_read;

	if (!letter || !name_enter(reader))
		return false;
	if (letter == 'i' || letter == 'N' || name_is_digit(letter))
		is_read = read_integer_value(reader, type);
	else if (letter == 'a' || letter == 'w' || letter == 'd')
		is_read = d_literal_string(reader);
	else
		is_read = name_take(reader, letter) && read_value_after(reader, letter, type);
	name_leave(reader);
	return is_read;
}

/* Of the type of a value, only that of a struct is written. */
static bool read_value_argument(struct name_reader *reader)
{
	struct name_reader ahead = *reader;
	size_t start = reader->length, target = reader->at;
	char type;

	if (name_peek(reader) == 'Q' && !take_reference(&ahead, &target))
		return false;
	type = reader->symbol[target];
	if (!read_type(reader))
		return false;
	if (name_peek(reader) != 'S')
		reader->length = start;
	return read_value(reader, type);
}

/* What is found at @at, and ends after @n_letters; or wherever it does: SIZE_MAX. */
static bool read_symbol_at(struct name_reader *reader, size_t at, size_t n_letters)
{
	size_t start = reader->length;
	bool is_read;

	reader->at = at;
	is_read = is_at_name(reader) ? read_qualified(reader, false)
				     : is_at_mangled(reader) && read_mangled(reader);
	if (is_read && (n_letters == SIZE_MAX || reader->at - at == n_letters))
		return true;
	reader->length = start;
	return false;
}

/*
 * Compilers before 2018 wrote the number of a symbol's letters in front of it; but a symbol begins
 * with a number, too, and nothing says where the one ends. So all ways to divide the digits are
 * tried, the last of which is that there is but the symbol.
 */
static bool read_symbol_argument(struct name_reader *reader)
{
	size_t first = reader->at, n_letters, at;

	if (is_at_mangled(reader))
		return read_mangled(reader);
	if (name_peek(reader) == 'Q')
		return read_qualified(reader, false);
	if (!name_take_number(reader, &n_letters) || !n_letters)
		return false;
	for (at = reader->at; n_letters; at--, n_letters /= 10)
		if (read_symbol_at(reader, at, n_letters))
			return true;
	return read_symbol_at(reader, first, SIZE_MAX);
}

/* One that is mangled in the way of another language. */
static bool read_foreign_argument(struct name_reader *reader)
{
	size_t n_letters;

	return name_take_number(reader, &n_letters) && name_put_letters(reader, n_letters);
}

static bool read_argument(struct name_reader *reader)
{
	name_take(reader, 'H'); /* of a template that is specialized */
	if (name_take(reader, 'S'))
		return read_symbol_argument(reader);
	if (name_take(reader, 'T'))
		return read_type(reader);
	if (name_take(reader, 'V'))
		return read_value_argument(reader);
	return name_take(reader, 'X') && read_foreign_argument(reader);
}

static bool read_identifier(struct name_reader *reader, size_t start);

/* "__T", or "__U", a name and arguments, of @n_letters in all, or SIZE_MAX: nobody says. */
static bool read_template(struct name_reader *reader, size_t n_letters, size_t start)
{
	size_t first = reader->at;

	reader->at += strlen("__T");
	if (!is_at_name(reader) || name_peek(reader) == '0' || !read_identifier(reader, start) ||
	    !name_put(reader, "!("))
		return false;
	for (size_t n = 0; !name_take(reader, 'Z'); n++)
		if ((n && !name_put(reader, ", ")) || !read_argument(reader))
			return false;
	return name_put(reader, ")") && (n_letters == SIZE_MAX || reader->at - first == n_letters);
}

/* A parent that tells functions of one name in one function from another: "__S" and a number. */
static bool skip_false_parent(struct name_reader *reader, size_t n_letters)
{
	size_t end = reader->at + n_letters, at = reader->at + strlen("__S");

	if (n_letters < 4 || !name_is_at(reader, "__S"))
		return false;
	while (at < end && name_is_digit(reader->symbol[at]))
		at++;
	if (at < end)
		return false;
	reader->at = end;
	return true;
}

static bool read_name_of_reference(struct name_reader *reader, size_t start)
{
	size_t target, next, n_letters;
	bool is_read;

	if (!take_reference(reader, &target))
		return false;
	next = reader->at;
	reader->at = target;
	is_read = name_take_number(reader, &n_letters) && n_letters <= reader->end - reader->at &&
		  d_word_name(reader, n_letters, start);
	reader->at = next;
	return is_read;
}

static bool read_identifier_inside(struct name_reader *reader, size_t start)
{
	size_t n_letters;

	do {
		if (name_peek(reader) == 'Q')
			return read_name_of_reference(reader, start);
		if (is_at_template(reader))
			return read_template(reader, SIZE_MAX, start);
		if (!name_take_number(reader, &n_letters) || !n_letters ||
		    n_letters > reader->end - reader->at)
			return false;
	} while (skip_false_parent(reader, n_letters));
	if (n_letters >= 5 && is_at_template(reader))
		return read_template(reader, n_letters, start);
	return d_word_name(reader, n_letters, start);
}

/* One part of a qualified name that has been put from @start on. */
static bool read_identifier(struct name_reader *reader, size_t start)
{
	bool is_read;

	if (!name_enter(reader))
		return false;
	is_read = read_identifier_inside(reader, start);
	name_leave(reader);
	return is_read;
}

/* What a function is called for stands in front of its parameters, and is written behind them. */
static bool read_function_part(struct name_reader *reader, bool with_modifiers)
{
	size_t start = reader->length, parameters;

	if (name_take(reader, 'M') && !d_word_modifiers(reader))
		return false;
	if (!with_modifiers)
		reader->length = start;
	parameters = reader->length;
	if (!read_signature(reader) || !name_peek(reader))
		return false;
	name_put_before(reader, start, parameters);
	return true;
}

/* Parts, each of which may be a function within which the next one is; @with_modifiers: of methods,
 * say what they are called for. */
static bool read_qualified(struct name_reader *reader, bool with_modifiers)
{
	size_t start = reader->length, n_parts = 0;

	do {
		size_t at, length;

		if (name_take(reader, '0')) /* has no name */
			continue;
		if ((n_parts++ && !name_put(reader, ".")) || !read_identifier(reader, start))
			return false;
		if (name_peek(reader) != 'M' && !d_word_is_convention(reader))
			continue;
		at = reader->at;
		length = reader->length;
		if (!read_function_part(reader, with_modifiers)) {
			reader->at = at; /* the type of something else begins here */
			reader->length = length;
		}
	} while (is_at_name(reader));
	return true;
}

/* A whole name, with the type of its value, or "Z", which has none. */
static bool read_mangled(struct name_reader *reader)
{
	size_t length;

	reader->at += strlen("_D");
	if (!read_qualified(reader, true))
		return false;
	if (name_take(reader, 'Z'))
		return true;
	length = reader->length;
	if (!read_type(reader))
		return false;
	reader->length = length;
	return true;
}

int d_name_read(const char *symbol, char *text, size_t *ret_length)
{
	struct name_reader reader = {
		.symbol = symbol,
		.end = strlen(symbol),
		.reference = SIZE_MAX,
		.work = NAME_WORK_MAX,
		.text = text,
	};
	bool is_read;

	if (strcmp(symbol, "_Dmain") == 0) {
		reader.at = reader.end;
		is_read = name_put(&reader, "D main");
	} else {
		is_read = name_is_at(&reader, "_D") && read_mangled(&reader);
	}
	if (!is_read || !reader.length || reader.at != reader.end)
		return reader.is_refused ? -E2BIG : -EINVAL;
	*ret_length = reader.length;
	return 0;
}
