/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/profile_text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

enum { MOST = 64 };

static uint32_t string(struct profile *profile, const char *text)
{
	uint32_t index;

	assert_int_equal(string_table_add(profile->strings, text, &index), 0);
	return index;
}

static uint32_t add_function(struct profile *profile, const char *name)
{
	char filename[128];
	struct profile_function function = { .name = string(profile, name) };
	uint32_t index;

	snprintf(filename, sizeof(filename), "%s.c", name);
	function.system_name = function.name;
	function.filename = string(profile, filename);
	assert_int_equal(profile_add_function(profile, &function, &index), 0);
	return index;
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
	return sum;
}

/* "outer+inlined", at an address of its own. */
static uint32_t add_location(struct profile *profile, char *text)
{
	char filename[] = { '/', 'l', 'i', 'b', '/', text[0], '\0' };
	struct profile_mapping mapping = { 0, UINT64_MAX, .filename = string(profile, filename),
					   .has_functions = true };
	struct profile_location location = { .address = hash(text) };
	struct profile_line lines[MOST], reversed[MOST];
	uint32_t n_lines = 0, index;
	char *name;

	while ((name = strsep(&text, "+")))
		lines[n_lines++] = (struct profile_line){ add_function(profile, name), 1, 0 };
	for (uint32_t i = 0; i < n_lines; i++)
		reversed[i] = lines[n_lines - 1 - i];
	assert_int_equal(profile_add_mapping(profile, &mapping, &location.mapping), 0);
	assert_int_equal(profile_add_location(profile, &location, reversed, n_lines, &index), 0);
	return index;
}

static uint32_t add_stack(struct profile *profile, char *text)
{
	uint32_t frames[MOST], n_frames = 0, index;
	char *frame;

	while ((frame = strsep(&text, ";")))
		frames[MOST - ++n_frames] = add_location(profile, frame);
	assert_int_equal(profile_add_stack(profile, &frames[MOST - n_frames], n_frames, &index), 0);
	return index;
}

static uint32_t add_label_set(struct profile *profile, char *text)
{
	struct profile_label labels[MOST];
	uint32_t n_labels = 0, index;
	char *label;

	while (*text && (label = strsep(&text, ","))) {
		char *value = strchr(label, '=');

		*value++ = '\0';
		labels[n_labels++] =
			(struct profile_label){ string(profile, label), string(profile, value) };
		if (!text)
			break;
	}
	assert_int_equal(profile_add_label_set(profile, labels, n_labels, &index), 0);
	return index;
}

static void add_line(struct profile *profile, char *line)
{
	char *count = strrchr(line, ' '), *stack = strchr(line, '|');
	struct profile_sample sample = { 0 };

	*count++ = '\0';
	*stack++ = '\0';
	sample.count = strtoull(count, NULL, 10);
	sample.value = 10 * sample.count;
	sample.stack = add_stack(profile, stack);
	sample.label_set = add_label_set(profile, line);
	assert_int_equal(profile_add_sample(profile, &sample), 0);
}

struct profile *profile_of_text(const char *text)
{
	_cleanup_(freep) char *copy = strdup(text);
	struct profile *profile;
	char *line, *rest = copy;

	assert_int_equal(profile_new(&profile), 0);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			add_line(profile, line);
	}
	return profile;
}

static const char *text_of(const struct profile *profile, uint32_t index)
{
	return string_table_get(profile->strings, index);
}

static void append_labels(const struct profile *profile, uint32_t label_set, struct buffer *line)
{
	const struct profile_label_set *set = &profile->label_sets[label_set];

	for (uint32_t i = 0; i < set->n_labels; i++) {
		const struct profile_label *label = &profile->labels[set->first_label + i];

		buffer_printf(line, "%s%s=%s", i ? "," : "", text_of(profile, label->name),
			      text_of(profile, label->value));
	}
}

static void append_stack(const struct profile *profile, uint32_t stack_i, struct buffer *line)
{
	const struct profile_stack *stack = &profile->stacks[stack_i];
	const char *separator = "|";

	for (uint32_t i = stack->n_frames; i--;) {
		const struct profile_location *location =
			&profile->locations[profile->frames[stack->first_frame + i]];

		for (uint32_t k = location->n_lines; k--;) {
			const struct profile_line *at = &profile->lines[location->first_line + k];

			buffer_printf(line, "%s%s", separator,
				      text_of(profile, profile->functions[at->function].name));
			separator = "+";
		}
		separator = ";";
	}
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *profile_to_text(const struct profile *profile)
{
	char **lines = calloc(profile->n_samples + 1, sizeof(*lines));
	struct buffer text = { 0 };

	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		struct buffer line = { 0 };

		assert_int_equal(sample->value, 10 * sample->count);
		append_labels(profile, sample->label_set, &line);
		append_stack(profile, sample->stack, &line);
		buffer_printf(&line, " %s%" PRIu64 "\n", sample->is_base ? "-" : "", sample->count);
		buffer_append_char(&line, '\0');
		lines[i] = line.data;
	}
	qsort(lines, profile->n_samples, sizeof(*lines), line_compare);
	for (size_t i = 0; i < profile->n_samples; i++) {
		buffer_append_string(&text, lines[i]);
		free(lines[i]);
	}
	free(lines);
	buffer_append_char(&text, '\0');
	assert_int_equal(buffer_error(&text), 0);
	return text.data;
}

void assert_profile_is(const struct profile *profile, const char *text)
{
	_cleanup_(freep) char *is = profile_to_text(profile);

	assert_string_equal(is, text);
}
