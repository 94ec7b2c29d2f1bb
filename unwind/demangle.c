/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/demangle.h"

#include <errno.h>
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "unwind/cpp_name.h"
#include "unwind/d_name.h"
#include "unwind/rust_name.h"

#define ELLIPSIS       "\xe2\x80\xa6"
#define ELLIPSIS_BYTES (sizeof(ELLIPSIS) - 1)
#define TAIL_BYTES     384
#define HEAD_BYTES     (DEMANGLE_MAX_BYTES - 1 - ELLIPSIS_BYTES - TAIL_BYTES)

/* Longer names of Ada are left as they are: its demangler makes all of a name on the heap. */
#define MAX_ADA_LETTERS 65536

#define LLVM_SUFFIX ".llvm."

/* Takes a name of any length, keeps all of it up to where it is given up. */
struct sink {
	jmp_buf give_up;
	bool is_refused; /* to read it would take too much */
	size_t n_bytes;
	char text[NAME_TEXT_MAX_BYTES];
};

static bool sink_is_full(const struct sink *sink)
{
	return sink->n_bytes == sizeof(sink->text);
}

static void sink_append(struct sink *sink, const char *text, size_t length)
{
	size_t room = sizeof(sink->text) - sink->n_bytes;

	length = length < room ? length : room;
	memcpy(sink->text + sink->n_bytes, text, length);
	sink->n_bytes += length;
}

static void on_demangled(const char *text, size_t length, void *sink_pointer)
{
	struct sink *sink = sink_pointer;

	if (!length) /* Rust's demangler gives no text then */
		return;
	sink_append(sink, text, length);
	/* libiberty keeps nothing on the heap here, and has no other way to be told. */
	if (sink_is_full(sink))
		longjmp(sink->give_up, 1);
}

static bool is_continuation(char byte)
{
	return ((uint8_t)byte & 0xc0) == 0x80;
}

/* Write what @sink holds to @ret_name. Returns its length. */
static size_t sink_take(const struct sink *sink, char *ret_name)
{
	const char *end = sink->text + sink->n_bytes, *tail;
	size_t length = sink->n_bytes;

	if (length < DEMANGLE_MAX_BYTES) {
		memcpy(ret_name, sink->text, length);
		return length;
	}
	length = HEAD_BYTES;
	while (length && is_continuation(sink->text[length]))
		length--;
	memcpy(ret_name, sink->text, length);
	memcpy(ret_name + length, ELLIPSIS, ELLIPSIS_BYTES);
	length += ELLIPSIS_BYTES;
	if (sink_is_full(sink)) /* what came last is not the name's end */
		return length;
	tail = end - TAIL_BYTES;
	while (tail < end && is_continuation(*tail))
		tail++;
	memcpy(ret_name + length, tail, (size_t)(end - tail));
	return length + (size_t)(end - tail);
}

/* The bytes of the UTF-8 character at @text, or 0 if there is none, or one for control. */
static size_t character_bytes(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t n = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	uint32_t code = n == 1 ? bytes[0] : bytes[0] & (0x7fU >> n);
	static const uint32_t smallest[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };

	if ((bytes[0] >= 0x80 && bytes[0] < 0xc2) || bytes[0] > 0xf4 || bytes[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(text[i]))
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

/* Whether all of eight bytes are from ' ' to '~': none is above, and none borrows or carries into
 * its highest bit. */
static bool are_plain(const char *bytes)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return !((word | (word - each * ' ') | (word + each)) & (each * 0x80));
}

/* The terminator at the end of @name, of @length bytes, stops a character that is cut off. */
static void make_printable(char *name, size_t length)
{
	const char *end = name + length;

	while (name < end) {
		size_t n = end - name >= 8 && are_plain(name) ? 8 : character_bytes(name);

		if (n == 0)
			*name = '?';
		name += n ? n : 1;
	}
}

/* A name that we read ourselves: in the sink's text, for parts of it change places. */
static bool read_name(int (*read)(const char *symbol, char *text, size_t *ret_length),
		      const char *symbol, struct sink *sink)
{
	int r = read(symbol, sink->text, &sink->n_bytes);

	sink->is_refused = r < 0 && r != -EINVAL;
	return r == 0;
}

static bool read_cpp(const char *symbol, struct sink *sink)
{
	sink->is_refused = !cpp_name_is_bounded(symbol);
	return !sink->is_refused &&
	       cplus_demangle_v3_callback(symbol, DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT,
					  on_demangled, sink);
}

/* All but main programs, and what is in Ada's own library, looks like names of C. */
static bool is_of_ada(const char *symbol)
{
	static const char *const prefixes[] = { "_ada_", "ada__", "gnat__", "interfaces__",
						"system__" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(symbol, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static bool read_ada(const char *symbol, struct sink *sink)
{
	_cleanup_(freep) char *name = NULL;

	if (!is_of_ada(symbol))
		return false;
	sink->is_refused = strlen(symbol) > MAX_ADA_LETTERS;
	if (sink->is_refused)
		return false;
	name = ada_demangle(symbol, 0);
	if (name)
		sink_append(sink, name, strlen(name));
	return name != NULL;
}

/* Returns whether @symbol is mangled in a way that is known, with its readable form in @sink. */
static bool demangle_into(const char *symbol, struct sink *sink)
{
	if (setjmp(sink->give_up) != 0)
		return true;
	if (strncmp(symbol, "_R", 2) == 0)
		return read_name(rust_name_read, symbol, sink);
	/* Rust's names of old end in a hash of 17 letters. */
	if (strncmp(symbol, "_ZN", 3) == 0 && strstr(symbol, "17h") &&
	    rust_demangle_callback(symbol, 0, on_demangled, sink))
		return true;
	sink->n_bytes = 0; /* a name that is half Rust's */
	if (strncmp(symbol, "_Z", 2) == 0)
		return read_cpp(symbol, sink);
	if (strncmp(symbol, "_D", 2) == 0)
		return read_name(d_name_read, symbol, sink);
	return read_ada(symbol, sink);
}

/* What Go's linker does not allow in the path of a package is "%" and two digits. */
static size_t unescape(const char *text, char *ret_byte)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = text[0] == '%' && text[1] ? strchr(digits, text[1]) : NULL;
	const char *low = high && text[2] ? strchr(digits, text[2]) : NULL;

	*ret_byte = low ? (char)((high - digits) << 4 | (low - digits)) : text[0];
	return low ? 3 : 1;
}

/* A name of Go, or any other that is not mangled. */
static void copy_into(const char *symbol, struct sink *sink)
{
	const char *escape;
	char byte;

	while ((escape = strchr(symbol, '%')) != NULL) {
		sink_append(sink, symbol, (size_t)(escape - symbol));
		symbol = escape + unescape(escape, &byte);
		sink_append(sink, &byte, 1);
	}
	sink_append(sink, symbol, strlen(symbol));
}

/* A function that LLVM has made visible to other units bears a number, lest two of them have one
 * name. Returns a copy without it, to be freed, or NULL: there is none. */
static char *without_number(const char *symbol)
{
	const char *suffix = strstr(symbol, LLVM_SUFFIX);
	const char *digits = suffix ? suffix + strlen(LLVM_SUFFIX) : "";

	if (!*digits || digits[strspn(digits, "0123456789")])
		return NULL;
	return strndup(symbol, (size_t)(suffix - symbol));
}

size_t demangle_and_tell(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES],
			 bool *ret_is_refused)
{
	_cleanup_(freep) char *numberless = without_number(symbol);
	struct sink sink; /* of which only what is taken gets touched */
	size_t length;

	if (numberless)
		symbol = numberless;
	sink.n_bytes = 0;
	sink.is_refused = false;
	if (!demangle_into(symbol, &sink) || !sink.n_bytes) {
		sink.n_bytes = 0;
		copy_into(symbol, &sink);
	}
	length = sink_take(&sink, ret_name);
	ret_name[length] = '\0';
	make_printable(ret_name, length);
	*ret_is_refused = sink.is_refused;
	return length;
}

size_t demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES])
{
	bool is_refused;

	return demangle_and_tell(symbol, ret_name, &is_refused);
}
