/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that strangers chose, in every format: what is written holds no control character, no
 * markup and no line of theirs; and who reads it finds the name again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/encoder.h"
#include "export/folded_diff.h"
#include "export/html_parts.h"
#include "export/svg_parts.h"
#include "export/text.h"
#include "import/complaint.h"
#include "import/reader.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/utf8.h"

#define LONG_NAME_BYTES 4096

DEFINE_CLEANUP(struct profile *, profile_free)

static const char *const hostile_names[] = {
	"\"quoted\" 'and' `more`",
	"two\nlines\r\nand\tcolumns",
	"semi;colons;everywhere;",
	"</script><script>alert(1)</script>",
	"]]><svg onload=\"alert(1)\">",
	"<!-- <b>&amp;\"</b> -->",
	"\xff\xfe\x80 no UTF-8 \xc0\xaf\xed\xa0\x80",
	"\x1b[2J\x1b]0;title\x07\x7f\xc2\x9b",
	"turned \xe2\x80\xae, around\xe2\x81\xa6",
	"\xe2\x80\xa8separated\xe2\x80\xa9",
	"\\x41\\n\\u0041\\",
	"f(a, b) (/usr/bin/other)",
	"a 5 [000] 1.5: 1 cycles: ",
	"\":[],\"frames\":[{\"name\":\"x\"}]}",
};

/* A profile of one sample, in which everything is called @name. */
static struct profile *new_profile_of(const char *name)
{
	struct profile *profile;
	struct profile_mapping mapping = { .limit_addr = 0x1000, .has_functions = true };
	struct profile_location location = { .address = 0x10 };
	struct profile_function function = { .start_line = 1 };
	struct profile_line line = { .line = 2 };
	struct profile_label labels[3];
	struct profile_moment moment = { .time_unix_ns = 1, .count = 1, .value = 1 };
	struct profile_sample sample = { .count = 1, .value = 1 };
	const char *const label_names[] = { LABEL_COMM, LABEL_EXE, LABEL_THREAD };
	uint32_t string;

	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(string_table_add(profile->strings, name, &string), 0);
	mapping.filename = string;
	function.name = string;
	function.system_name = string;
	function.filename = string;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		labels[i].value = string;
		assert_int_equal(
			string_table_add(profile->strings, label_names[i], &labels[i].name), 0);
	}
	assert_int_equal(profile_add_mapping(profile, &mapping, &location.mapping), 0);
	assert_int_equal(profile_add_function(profile, &function, &line.function), 0);
	assert_int_equal(profile_add_location(profile, &location, &line, 1, &string), 0);
	assert_int_equal(profile_add_stack(profile, &string, 1, &sample.stack), 0);
	assert_int_equal(profile_add_label_set(profile, labels, 3, &sample.label_set), 0);
	assert_int_equal(profile_add_sample(profile, &sample), 0);
	assert_int_equal(profile_add_moment(profile, &moment), 0);
	return profile;
}

/* Without what the format itself brings along. */
static void cut_out(struct buffer *text, const char *own)
{
	size_t length = strlen(own);
	char *at = memmem(text->data, text->size, own, length);

	assert_non_null(at);
	memmove(at, at + length, text->size - (size_t)(at + length - text->data));
	text->size -= length;
}

/* No control character but the ends of lines and the tabs before frames; UTF-8 throughout. */
static void assert_harmless(struct buffer *text)
{
	buffer_append_char(text, '\0');
	assert_true(utf8_is_valid(text->data));
	text->size--;
	for (size_t i = 0; i < text->size; i++) {
		unsigned char c = (unsigned char)text->data[i];

		assert_true(c >= ' ' || c == '\n' || c == '\t');
		assert_true(c != 0x7f);
	}
}

static size_t count_lines(const struct buffer *text)
{
	size_t n_lines = 0;

	for (size_t i = 0; i < text->size; i++)
		n_lines += text->data[i] == '\n';
	return n_lines;
}

static void check_binary(struct buffer *bytes)
{
	assert_memory_equal(bytes->data, "\x1f\x8b", 2);
}

static void check_folded(struct buffer *text)
{
	assert_harmless(text);
	assert_int_equal(count_lines(text), 1);
}

static void check_perf(struct buffer *text)
{
	assert_harmless(text);
	assert_int_equal(count_lines(text), 3); /* event, frame, empty */
}

static void check_json(struct buffer *text)
{
	assert_harmless(text);
	for (size_t i = 0; i < text->size; i++)
		assert_true(text->data[i] != '<' && text->data[i] != '>');
}

static void check_svg(struct buffer *text)
{
	cut_out(text, svg_style);
	cut_out(text, svg_script);
	assert_harmless(text);
	assert_null(memmem(text->data, text->size, "<script>alert", 13));
	assert_null(memmem(text->data, text->size, "<svg onload", 11));
	assert_null(memmem(text->data, text->size, "<!--", 4));
}

static void check_html(struct buffer *text)
{
	cut_out(text, html_before);
	cut_out(text, html_after);
	for (size_t i = 0; i < text->size; i++)
		assert_null(memchr("<>\"'&; \n", text->data[i], 8));
}

static const struct {
	const char *format;
	void (*check)(struct buffer *bytes);
	bool reads_back;
} formats[] = {
	{ "pprof", check_binary, true },    { "folded", check_folded, true },
	{ "speedscope", check_json, true }, { "svg", check_svg, false },
	{ "html", check_html, false },      { "perf", check_perf, true },
	{ "firefox", check_json, false },
};

/* @bytes, read again, has a function of that name: each byte that was no UTF-8 is U+FFFD. */
static void assert_reads_back(const struct buffer *bytes, const char *name)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer expected = { 0 };
	struct complaint complaint = { "" };
	const char *found;

	text_append_utf8(&expected, name);
	buffer_append_char(&expected, '\0');
	if (reader_read(bytes->data, bytes->size, &profile, &complaint) < 0)
		fail_msg("it is refused: %s", complaint.text);
	assert_int_equal(profile->n_samples, 1);
	assert_true(profile->n_functions >= 1);
	found = string_table_get(profile->strings, profile->functions[0].name);
	assert_string_equal(found, expected.data);
}

/* What the routes write besides: samples in order of time, and two profiles side by side. */
static void check_other_forms(const struct profile *profile, const char *name)
{
	_cleanup_(buffer_fini) struct buffer in_time = { 0 }, diff = { 0 };

	assert_int_equal(encoder_in_time(&encoders[0])->encode(profile, &in_time), 0);
	assert_reads_back(&in_time, name);
	assert_int_equal(folded_diff_encode(profile, profile, &diff), 0);
	check_folded(&diff);
}

static void check_name(const char *name)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile_of(name);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(buffer_fini) struct buffer bytes = { 0 };

		assert_int_equal(encoder_find(formats[i].format)->encode(profile, &bytes), 0);
		if (formats[i].reads_back)
			assert_reads_back(&bytes, name);
		formats[i].check(&bytes);
	}
	check_other_forms(profile, name);
}

static void every_format_is_in_the_table(void **state)
{
	(void)state;
	for (const struct encoder *encoder = encoders; encoder->name; encoder++) {
		bool is_there = false;

		for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
			is_there |= !strcmp(formats[i].format, encoder->name);
		assert_true(is_there);
	}
}

static void no_name_breaks_a_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile_names); i++)
		check_name(hostile_names[i]);
}

static void a_long_name_breaks_no_format(void **state)
{
	char name[LONG_NAME_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < LONG_NAME_BYTES; i++)
		name[i] = "<\";\n\xff\x1b&a"[i % 8];
	name[LONG_NAME_BYTES] = '\0';
	check_name(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_in_the_table),
		cmocka_unit_test(no_name_breaks_a_format),
		cmocka_unit_test(a_long_name_breaks_no_format),
	};

	return cmocka_run_group_tests_name("hostile_names", tests, NULL, NULL);
}
