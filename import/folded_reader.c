/* SPDX-License-Identifier: Apache-2.0 */
#include "import/folded_reader.h"

#include <errno.h>
#include <string.h>

#include "import/complaint.h"
#include "import/frame_kind.h"
#include "import/profile_builder.h"
#include "import/text_lines.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"

#define INLINED_MAX 256 /* functions at one place */

struct folded_reader {
	struct profile_builder builder;
	struct text_lines lines;
	struct complaint *complaint;
	uint32_t comm;                          /* string: the name of that label */
	struct profile_line place[INLINED_MAX]; /* functions at the place, the outermost first */
	size_t n_functions;
	enum frame_kind kind; /* of the place */
};

static void reader_fini(struct folded_reader *reader)
{
	builder_fini(&reader->builder);
}

/* @field without its last four characters, if it ends so. */
static bool strip(struct builder_text *field, const char *mark)
{
	size_t length = strlen(mark);

	if (field->length <= length ||
	    memcmp(field->text + field->length - length, mark, length) != 0)
		return false;
	field->length -= length;
	return true;
}

/* The functions that were collected are one place. */
static int end_place(struct folded_reader *reader)
{
	struct profile_line lines[INLINED_MAX];
	const struct builder_frame frame = {
		.mapping = PROFILE_NO_MAPPING,
		.kind = reader->kind,
		.lines = lines,
		.n_lines = reader->n_functions,
	};

	if (!reader->n_functions)
		return 0;
	for (size_t i = 0; i < reader->n_functions; i++)
		lines[i] = reader->place[reader->n_functions - 1 - i];
	reader->n_functions = 0;
	return builder_add_frame(&reader->builder, &frame);
}

static int add_function(struct folded_reader *reader, struct builder_text name)
{
	struct profile_function function = { 0 };
	struct profile_line *line = &reader->place[reader->n_functions];
	int r;

	*line = (struct profile_line){ 0 };
	r = builder_add_string(&reader->builder, name, true, &function.name);
	if (r < 0)
		return r;
	function.system_name = function.name;
	reader->n_functions++;
	return builder_add_function(&reader->builder, &function, &line->function);
}

static int read_frame(struct folded_reader *reader, struct builder_text field)
{
	bool is_inlined = strip(&field, "_[i]");
	int r;

	if (is_inlined && reader->n_functions && reader->n_functions < INLINED_MAX)
		return add_function(reader, field);
	r = end_place(reader);
	if (r < 0)
		return r;
	reader->kind = FRAME_NATIVE;
	if (strip(&field, "_[k]"))
		reader->kind = FRAME_KERNEL;
	else if (strip(&field, "_[j]"))
		reader->kind = FRAME_JIT;
	else if (field.length > 10 && !memcmp(field.text, "[truncated", 10))
		reader->kind = FRAME_CUT;
	return add_function(reader, field);
}

/* Read what is before the count: the process, then frames, the root's first. */
static int read_stack(struct folded_reader *reader, struct builder_text stack,
		      uint32_t *ret_label_set)
{
	struct profile_label label = { reader->comm, 0 };
	const char *end = stack.text + stack.length;
	bool is_process = true;
	int r = 0;

	for (const char *start = stack.text; r == 0 && start <= end; is_process = false) {
		const char *semicolon = memchr(start, ';', (size_t)(end - start));
		const char *stop = semicolon ? semicolon : end;
		struct builder_text field = { start, (size_t)(stop - start) };

		r = is_process ? builder_add_string(&reader->builder, field, true, &label.value)
			       : read_frame(reader, field);
		start = stop + 1;
	}
	if (r == 0)
		r = end_place(reader);
	if (r == 0)
		r = builder_add_label_set(&reader->builder, &label, 1, ret_label_set);
	return r;
}

/* The digits behind the last space. */
static int read_count(const char *line, size_t length, size_t *ret_stack_length,
		      uint64_t *ret_count)
{
	size_t start = length;

	*ret_count = 0;
	while (start && line[start - 1] >= '0' && line[start - 1] <= '9')
		start--;
	if (start == length || start < 2 || line[start - 1] != ' ')
		return -EBADMSG;
	for (size_t i = start; i < length; i++) {
		if (__builtin_mul_overflow(*ret_count, 10, ret_count) ||
		    __builtin_add_overflow(*ret_count, (uint64_t)(line[i] - '0'), ret_count) ||
		    *ret_count > INT64_MAX)
			return -EBADMSG;
	}
	*ret_stack_length = start - 1;
	return 0;
}

static int read_line(struct folded_reader *reader)
{
	const struct text_lines *lines = &reader->lines;
	struct builder_text stack = { .text = lines->line };
	struct profile_sample sample = { 0 };
	int r;

	if (!lines->length || lines->line[0] == '#')
		return 0;
	if (read_count(lines->line, lines->length, &stack.length, &sample.count) < 0)
		return complain(reader->complaint,
				"line %zu: there is no count behind a last space", lines->number);
	sample.value = sample.count;
	r = read_stack(reader, stack, &sample.label_set);
	return r < 0 ? r : builder_add_sample(&reader->builder, &sample, true, NULL);
}

int folded_read(const char *bytes, size_t size, struct profile **ret_profile,
		struct complaint *complaint)
{
	_cleanup_(reader_fini) struct folded_reader reader = {
		.lines = text_lines_of(bytes, size),
		.complaint = complaint,
	};
	int r;

	r = builder_init(&reader.builder);
	if (r == 0)
		r = string_table_add(reader.builder.profile->strings, LABEL_COMM, &reader.comm);
	while (r == 0 && text_lines_next(&reader.lines))
		r = read_line(&reader);
	return r < 0 ? r : builder_finish(&reader.builder, NULL, NULL, ret_profile);
}
