/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/d_word.h"

#include <string.h>

#include "profiler/base/array.h"

struct word {
	const char letters[3]; /* one or two */
	const char *text;
};

static const char convention_letters[] = "FUWVRY";

static const struct word conventions[] = {
	{ "F", "" },
	{ "U", "extern(C) " },
	{ "W", "extern(Windows) " },
	{ "V", "extern(Pascal) " },
	{ "R", "extern(C++) " },
	{ "Y", "extern(Objective-C) " },
};

static const struct word attributes[] = {
	{ "Na", "pure " },     { "Nb", "nothrow " }, { "Nc", "ref " },   { "Nd", "@property " },
	{ "Ne", "@trusted " }, { "Nf", "@safe " },   { "Ni", "@nogc " }, { "Nj", "return " },
	{ "Nl", "scope " },    { "Nm", "@live " },
};

static const struct word last_modifiers[] = { { "x", " const" }, { "y", " immutable" } };
static const struct word other_modifiers[] = { { "O", " shared" }, { "Ng", " inout" } };

static const struct word scopes[] = { { "M", "scope " } };
static const struct word returns[] = { { "Nk", "return " } };
static const struct word storages[] = {
	{ "IK", "in ref " }, { "I", "in " }, { "J", "out " }, { "K", "ref " }, { "L", "lazy " },
};

static const struct word basic_types[] = {
	{ "Nn", "typeof(*null)" }, { "a", "char" },   { "b", "bool" },         { "c", "creal" },
	{ "d", "double" },         { "e", "real" },   { "f", "float" },        { "g", "byte" },
	{ "h", "ubyte" },          { "i", "int" },    { "j", "ireal" },        { "k", "uint" },
	{ "l", "long" },           { "m", "ulong" },  { "n", "typeof(null)" }, { "o", "ifloat" },
	{ "p", "idouble" },        { "q", "cfloat" }, { "r", "cdouble" },      { "s", "short" },
	{ "t", "ushort" },         { "u", "wchar" },  { "v", "void" },         { "w", "dchar" },
	{ "zi", "cent" },          { "zk", "ucent" },
};

static bool is_at_word(const struct name_reader *reader, const struct word *word)
{
	const char *next = reader->symbol + reader->at;

	return next[0] == word->letters[0] && (!word->letters[1] || next[1] == word->letters[1]);
}

/* Take one of @words if one comes next; *@ret_is_put: there was room for its text. */
static bool take_word(struct name_reader *reader, const struct word *words, size_t n_words,
		      bool *ret_is_put)
{
	for (size_t i = 0; i < n_words; i++) {
		if (!is_at_word(reader, &words[i]))
			continue;
		reader->at += words[i].letters[1] ? 2 : 1;
		*ret_is_put = name_put(reader, words[i].text);
		return true;
	}
	return false;
}

static bool take_any(struct name_reader *reader, const struct word *words, size_t n_words)
{
	bool is_put = true;

	while (is_put && take_word(reader, words, n_words, &is_put))
		;
	return is_put;
}

static bool take_one_or_none(struct name_reader *reader, const struct word *words, size_t n_words)
{
	bool is_put = true;

	take_word(reader, words, n_words, &is_put);
	return is_put;
}

static bool take_one(struct name_reader *reader, const struct word *words, size_t n_words)
{
	bool is_put;

	return take_word(reader, words, n_words, &is_put) && is_put;
}

bool d_word_is_convention(const struct name_reader *reader)
{
	return name_peek(reader) && strchr(convention_letters, name_peek(reader));
}

bool d_word_convention(struct name_reader *reader)
{
	return take_one(reader, conventions, ARRAY_SIZE(conventions));
}

bool d_word_attributes(struct name_reader *reader)
{
	return take_any(reader, attributes, ARRAY_SIZE(attributes));
}

bool d_word_modifiers(struct name_reader *reader)
{
	return take_any(reader, other_modifiers, ARRAY_SIZE(other_modifiers)) &&
	       take_one_or_none(reader, last_modifiers, ARRAY_SIZE(last_modifiers));
}

bool d_word_storage(struct name_reader *reader)
{
	return take_one_or_none(reader, scopes, ARRAY_SIZE(scopes)) &&
	       take_one_or_none(reader, returns, ARRAY_SIZE(returns)) &&
	       take_one_or_none(reader, storages, ARRAY_SIZE(storages));
}

bool d_word_basic_type(struct name_reader *reader)
{
	return take_one(reader, basic_types, ARRAY_SIZE(basic_types));
}

/* A name of @n_letters that the compiler gives, and what is written for it; @letters has more where
 * those behind it tell it from a person's. */
struct given_name {
	const char *letters;
	size_t n_letters;
	const char *text;
};

static const struct given_name *find_given(const struct name_reader *reader, size_t n_letters,
					   const struct given_name *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++)
		if (names[i].n_letters == n_letters && name_is_at(reader, names[i].letters))
			return &names[i];
	return NULL;
}

bool d_word_name(struct name_reader *reader, size_t n_letters, size_t start)
{
	static const struct given_name methods[] = { { "__ctor", 6, "this" },
						     { "__dtor", 6, "~this" },
						     { "__postblitMFZ", 10, "this(this)" } };
	static const struct given_name tables[] = { { "__initZ", 6, "initializer for " },
						    { "__vtblZ", 6, "vtable for " },
						    { "__ClassZ", 7, "ClassInfo for " },
						    { "__InterfaceZ", 11, "Interface for " },
						    { "__ModuleInfoZ", 12, "ModuleInfo for " } };
	const struct given_name *given;
	size_t end;

	given = find_given(reader, n_letters, methods, ARRAY_SIZE(methods));
	if (given) {
		reader->at += strlen(given->letters);
		return name_put(reader, given->text);
	}
	given = find_given(reader, n_letters, tables, ARRAY_SIZE(tables));
	if (!given)
		return name_put_letters(reader, n_letters);
	reader->at += n_letters;
	reader->length -= reader->length > start; /* the point behind what the table is of */
	end = reader->length;
	if (!name_put(reader, given->text))
		return false;
	name_put_before(reader, start, end);
	return true;
}
