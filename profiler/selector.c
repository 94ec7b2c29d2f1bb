/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/selector.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/label.h"
#include "profiler/pattern.h"

#define MOST_LIMITED 16 /* after so many costly matches, a selector's expressions match nothing */
#define ECHO_BYTES   32 /* of what was wrong, in an error */

enum matcher_op { OP_EQUAL, OP_NOT_EQUAL, OP_MATCH, OP_NOT_MATCH, OP_COUNT };

static const char *const op_texts[OP_COUNT] = {
	[OP_EQUAL] = "=",
	[OP_NOT_EQUAL] = "!=",
	[OP_MATCH] = "=~",
	[OP_NOT_MATCH] = "!~",
};

static const char quotes[] = "\"'`";

struct matcher {
	enum matcher_op op;
	char *name;
	char *value;
	struct pattern *regex; /* of OP_MATCH and OP_NOT_MATCH */
};

struct selector {
	struct matcher matchers[SELECTOR_MAX_MATCHERS];
	size_t n_matchers;
	unsigned int *n_limited; /* own memory: a match does not change what a selector means */
};

struct parser {
	const char *text;
	const char *at;
	char *error;
	size_t error_bytes;
};

DEFINE_CLEANUP(struct selector *, selector_free)

static void matcher_fini(struct matcher *matcher)
{
	free(matcher->name);
	free(matcher->value);
	pattern_free(matcher->regex);
}

struct selector *selector_free(struct selector *selector)
{
	if (!selector)
		return NULL;
	for (size_t i = 0; i < selector->n_matchers; i++)
		matcher_fini(&selector->matchers[i]);
	free(selector->n_limited);
	free(selector);
	return NULL;
}

static int selector_new(struct selector **ret_selector)
{
	_cleanup_(selector_freep) struct selector *selector = calloc(1, sizeof(*selector));

	if (!selector)
		return -ENOMEM;
	selector->n_limited = calloc(1, sizeof(*selector->n_limited));
	if (!selector->n_limited)
		return -ENOMEM;
	*ret_selector = steal(selector);
	return 0;
}

/* The start of what was wrong, printable, for an error's end. */
static void text_echo(const char *text, char ret_echo[ECHO_BYTES + 4])
{
	size_t n = strnlen(text, ECHO_BYTES);

	for (size_t i = 0; i < n; i++)
		ret_echo[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	snprintf(ret_echo + n, 4, "%s", text[n] ? "..." : "");
}

/* Say what is wrong with what stands at @at. Always returns -EINVAL. */
__attribute__((format(printf, 3, 4))) static int
parser_fail(const struct parser *parser, const char *at, const char *format, ...)
{
	char what[PATTERN_ERROR_BYTES + 64];
	char echo[ECHO_BYTES + 4];
	size_t length;
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (*at) {
		text_echo(at, echo);
		snprintf(parser->error, parser->error_bytes, "selector: %s at position %zu: %s",
			 what, (size_t)(at - parser->text) + 1, echo);
	} else {
		length = (size_t)(at - parser->text);
		text_echo(length > ECHO_BYTES ? at - ECHO_BYTES : parser->text, echo);
		snprintf(parser->error, parser->error_bytes, "selector: %s at the end, after: %s",
			 what, echo);
	}
	return -EINVAL;
}

static void parser_skip_space(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\n\r");
}

/* Whether @token comes next, which is then behind. */
static bool parser_take(struct parser *parser, const char *token)
{
	size_t length = strlen(token);

	parser_skip_space(parser);
	if (strncmp(parser->at, token, length) != 0)
		return false;
	parser->at += length;
	return true;
}

static int parse_op(struct parser *parser, enum matcher_op *ret_op)
{
	for (int op = OP_COUNT - 1; op >= 0; op--) { /* =~ before = */
		if (parser_take(parser, op_texts[op])) {
			*ret_op = op;
			return 0;
		}
	}
	return parser_fail(parser, parser->at, "one of = != =~ !~ is missing");
}

/* The character that the escape at @at stands for, or 0 if none. */
static char escape_char(const char *at)
{
	static const char escapes[] = "\\\\\"\"''n\nt\t";

	for (size_t i = 0; escapes[i]; i += 2) {
		if (at[1] == escapes[i])
			return escapes[i + 1];
	}
	return 0;
}

/* Undo the escapes between the quotes; @parser stands behind the first one. */
static int parse_escaped(struct parser *parser, char quote, char *ret_value)
{
	while (*parser->at && *parser->at != quote) {
		char c = *parser->at;

		if (c == '\\' && quote != '`') {
			c = escape_char(parser->at);
			if (!c)
				return parser_fail(parser, parser->at, "an unknown escape");
			parser->at++;
		}
		*ret_value++ = c;
		parser->at++;
	}
	*ret_value = '\0';
	return 0;
}

static int parse_value(struct parser *parser, char **ret_value)
{
	_cleanup_(freep) char *value = NULL;
	const char *start;
	int r;

	parser_skip_space(parser);
	start = parser->at;
	if (!*start || !strchr(quotes, *start))
		return parser_fail(parser, start, "a quoted value is missing");
	value = malloc(strlen(start) + 1);
	if (!value)
		return -ENOMEM;
	parser->at++;
	r = parse_escaped(parser, *start, value);
	if (r < 0)
		return r;
	if (*parser->at != *start)
		return parser_fail(parser, start, "a value without its closing quote");
	parser->at++;
	*ret_value = steal(value);
	return 0;
}

static int parse_name(struct parser *parser, char **ret_name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char letters_digits[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t length;

	parser_skip_space(parser);
	if (*parser->at && strchr(quotes, *parser->at))
		return parse_value(parser, ret_name);
	if (!strspn(parser->at, letters))
		return parser_fail(parser, parser->at, "a label name is missing");
	length = strspn(parser->at, letters_digits);
	*ret_name = strndup(parser->at, length);
	if (!*ret_name)
		return -ENOMEM;
	parser->at += length;
	return 0;
}

static int compile(const struct parser *parser, const char *at, struct matcher *matcher)
{
	char error[PATTERN_ERROR_BYTES];
	int r = pattern_new(matcher->value, &matcher->regex, error);

	return r == -EINVAL ? parser_fail(parser, at, "a bad regular expression (%s)", error) : r;
}

static int parse_matcher(struct parser *parser, struct selector *selector)
{
	struct matcher *matcher = &selector->matchers[selector->n_matchers];
	const char *value_at;
	int r;

	parser_skip_space(parser);
	if (selector->n_matchers == SELECTOR_MAX_MATCHERS)
		return parser_fail(parser, parser->at, "more than %d matchers",
				   SELECTOR_MAX_MATCHERS);
	selector->n_matchers++; /* from here on, selector_free() frees what it has */
	r = parse_name(parser, &matcher->name);
	if (r < 0)
		return r;
	r = parse_op(parser, &matcher->op);
	if (r < 0)
		return r;
	parser_skip_space(parser);
	value_at = parser->at;
	r = parse_value(parser, &matcher->value);
	if (r < 0)
		return r;
	if (matcher->op == OP_MATCH || matcher->op == OP_NOT_MATCH)
		return compile(parser, value_at, matcher);
	return 0;
}

static int parse_matchers(struct parser *parser, struct selector *selector)
{
	int r;

	if (!parser_take(parser, "{"))
		return parser_fail(parser, parser->at, "{ is missing");
	while (!parser_take(parser, "}")) {
		r = parse_matcher(parser, selector);
		if (r < 0)
			return r;
		if (parser_take(parser, ","))
			continue;
		parser_skip_space(parser);
		if (*parser->at != '}')
			return parser_fail(parser, parser->at, ", or } is missing");
	}
	parser_skip_space(parser);
	if (*parser->at)
		return parser_fail(parser, parser->at, "more text than one selector");
	return 0;
}

int selector_parse(const char *text, struct selector **ret_selector, char *ret_error,
		   size_t error_bytes)
{
	_cleanup_(selector_freep) struct selector *selector = NULL;
	struct parser parser = { text, text, ret_error, error_bytes };
	int r;

	if (strnlen(text, SELECTOR_MAX_BYTES + 1) > SELECTOR_MAX_BYTES)
		return parser_fail(&parser, text + SELECTOR_MAX_BYTES, "more than %d bytes",
				   SELECTOR_MAX_BYTES);
	r = selector_new(&selector);
	if (r < 0)
		return r;
	parser_skip_space(&parser);
	if (*parser.at) {
		r = parse_matchers(&parser, selector);
		if (r < 0)
			return r;
	}
	*ret_selector = steal(selector);
	return 0;
}

static bool regex_matches(const struct selector *selector, const struct matcher *matcher,
			  const char *value, unsigned long *n_limited)
{
	int r = -EDQUOT;

	if (*selector->n_limited < MOST_LIMITED)
		r = pattern_match(matcher->regex, value);
	if (r >= 0)
		return r;
	++*selector->n_limited;
	if (n_limited)
		++*n_limited;
	return false;
}

static bool matcher_holds(const struct selector *selector, const struct matcher *matcher,
			  const char *value, unsigned long *n_limited)
{
	switch (matcher->op) {
	case OP_EQUAL:
		return !strcmp(value, matcher->value);
	case OP_NOT_EQUAL:
		return strcmp(value, matcher->value) != 0;
	case OP_MATCH:
		return regex_matches(selector, matcher, value, n_limited);
	default:
		return !regex_matches(selector, matcher, value, n_limited);
	}
}

bool selector_is_empty(const struct selector *selector)
{
	return !selector->n_matchers;
}

bool selector_matches(const struct selector *selector, const struct label *labels, size_t n_labels,
		      unsigned long *n_limited)
{
	for (size_t i = 0; i < selector->n_matchers; i++) {
		const struct matcher *matcher = &selector->matchers[i];
		const char *value = label_find(labels, n_labels, matcher->name);

		if (!matcher_holds(selector, matcher, value, n_limited))
			return false;
	}
	return true;
}

bool selector_allows(const struct selector *selector, const struct label *labels, size_t n_labels)
{
	for (size_t i = 0; i < selector->n_matchers; i++) {
		const struct matcher *matcher = &selector->matchers[i];
		const char *value = label_find(labels, n_labels, matcher->name);

		if (*value && !matcher_holds(selector, matcher, value, NULL))
			return false;
	}
	return true;
}

void selector_forget(struct selector *selector, const struct label *labels, size_t n_labels)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < selector->n_matchers; i++) {
		struct matcher *matcher = &selector->matchers[i];

		if (*label_find(labels, n_labels, matcher->name))
			matcher_fini(matcher);
		else
			selector->matchers[n_kept++] = *matcher;
	}
	selector->n_matchers = n_kept;
}

int selector_rename(struct selector *selector, const char *name, const char *other)
{
	for (size_t i = 0; i < selector->n_matchers; i++) {
		struct matcher *matcher = &selector->matchers[i];
		char *renamed;

		if (strcmp(matcher->name, name) != 0)
			continue;
		renamed = strdup(other);
		if (!renamed)
			return -ENOMEM;
		free(matcher->name);
		matcher->name = renamed;
	}
	return 0;
}
