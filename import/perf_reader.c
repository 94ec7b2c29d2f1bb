/* SPDX-License-Identifier: Apache-2.0 */
#include "import/perf_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "import/complaint.h"
#include "import/frame_kind.h"
#include "import/perf_event.h"
#include "import/profile_builder.h"
#include "import/text_lines.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"

#define INLINED_MAX 256 /* functions at one address */
#define UNKNOWN     "[unknown]"

enum own_label { OWN_COMM, OWN_PID, OWN_TID, OWN_LABEL_COUNT };

static const char *const own_labels[OWN_LABEL_COUNT] = {
	[OWN_COMM] = LABEL_COMM,
	[OWN_PID] = LABEL_PID,
	[OWN_TID] = LABEL_TID,
};

struct perf_reader {
	struct profile_builder builder;
	struct text_lines lines;
	struct complaint *complaint;
	uint32_t label_names[OWN_LABEL_COUNT];
	struct perf_event event; /* whose frames are being read */
	bool is_in_event;
	struct profile_line inlined[INLINED_MAX]; /* that wait for what they are inlined in */
	size_t n_inlined;
	struct builder_text kind; /* of the first event; others are left out */
	bool has_period;
	uint64_t n_left_out;
	int64_t first_ns, last_ns;
};

static void reader_fini(struct perf_reader *reader)
{
	builder_fini(&reader->builder);
}

static bool text_is(struct builder_text text, const char *expected)
{
	return text.length == strlen(expected) && !memcmp(text.text, expected, text.length);
}

static int add_mapping(struct perf_reader *reader, struct builder_text path, bool has_name,
		       uint32_t *ret_mapping)
{
	struct profile_mapping mapping = { .limit_addr = UINT64_MAX, .has_functions = has_name };
	int r;

	*ret_mapping = PROFILE_NO_MAPPING;
	if (!path.length || text_is(path, UNKNOWN))
		return 0;
	r = builder_add_string(&reader->builder, path, true, &mapping.filename);
	return r < 0 ? r : profile_add_mapping(reader->builder.profile, &mapping, ret_mapping);
}

static enum frame_kind kind_of(const struct perf_reader *reader, uint32_t mapping)
{
	const struct profile *profile = reader->builder.profile;

	if (mapping == PROFILE_NO_MAPPING)
		return FRAME_UNMAPPED;
	return frame_kind_of_path(
		string_table_get(profile->strings, profile->mappings[mapping].filename));
}

/* What has no name is called after its place, as all profiles do. */
static int add_function(struct perf_reader *reader, const struct perf_frame *frame,
			struct profile_line *ret_line)
{
	struct profile_function function = { 0 };
	struct builder_text name = frame->symbol;
	char place[512];
	int r;

	if (text_is(name, UNKNOWN)) {
		struct builder_text file = perf_frame_file(frame);
		int length = snprintf(place, sizeof(place), "%.*s+0x%" PRIx64, (int)file.length,
				      file.text, frame->address);

		name = (struct builder_text){ place, (size_t)length };
	}
	r = builder_add_string(&reader->builder, name, true, &function.name);
	if (r < 0)
		return r;
	function.system_name = function.name;
	*ret_line = (struct profile_line){ 0 };
	return builder_add_function(&reader->builder, &function, &ret_line->function);
}

/* The functions that were collected, the innermost first, are one place. */
static int end_place(struct perf_reader *reader, const struct perf_frame *frame)
{
	struct builder_frame place = {
		.address = frame->address,
		.function_off = frame->symbol_off,
		.lines = reader->inlined,
		.n_lines = reader->n_inlined,
	};
	int r;

	r = add_mapping(reader, frame->path, !text_is(frame->symbol, UNKNOWN), &place.mapping);
	if (r < 0)
		return r;
	place.kind = kind_of(reader, place.mapping);
	reader->n_inlined = 0;
	return builder_add_frame(&reader->builder, &place);
}

static int read_frame(struct perf_reader *reader)
{
	struct perf_frame frame;
	int r;

	if (!perf_frame_parse(reader->lines.line, reader->lines.length, &frame))
		return complain(reader->complaint, "line %zu: this is neither an event nor a frame",
				reader->lines.number);
	if (!reader->is_in_event)
		return complain(reader->complaint, "line %zu: this frame belongs to no event",
				reader->lines.number);
	r = add_function(reader, &frame, &reader->inlined[reader->n_inlined]);
	if (r < 0)
		return r;
	reader->n_inlined++;
	if (frame.is_inlined && reader->n_inlined < INLINED_MAX)
		return 0;
	return end_place(reader, &frame);
}

static int add_labels(struct perf_reader *reader, uint32_t *ret_label_set)
{
	const struct builder_text values[OWN_LABEL_COUNT] = {
		[OWN_COMM] = reader->event.comm,
		[OWN_PID] = reader->event.pid,
		[OWN_TID] = reader->event.tid,
	};
	struct profile_label labels[OWN_LABEL_COUNT];

	for (size_t i = 0; i < OWN_LABEL_COUNT; i++) {
		int r;

		labels[i].name = reader->label_names[i];
		r = builder_add_string(&reader->builder, values[i], true, &labels[i].value);
		if (r < 0)
			return r;
	}
	return builder_add_label_set(&reader->builder, labels, OWN_LABEL_COUNT, ret_label_set);
}

static int end_event(struct perf_reader *reader)
{
	const struct perf_event *event = &reader->event;
	struct profile_sample sample = { .count = 1, .value = event->period };
	const struct profile_moment moment = { event->time_ns, .cpu = event->cpu };
	int r = 0;

	if (!reader->is_in_event)
		return 0;
	reader->is_in_event = false;
	if (reader->n_inlined)
		r = end_place(reader, &(struct perf_frame){ 0 });
	if (r == 0)
		r = add_labels(reader, &sample.label_set);
	if (r < 0)
		return r;
	if (event->time_ns < reader->first_ns)
		reader->first_ns = event->time_ns;
	if (event->time_ns > reader->last_ns)
		reader->last_ns = event->time_ns;
	return builder_add_sample(&reader->builder, &sample, false, &moment);
}

/* The first event says which are read. */
static int begin_event(struct perf_reader *reader)
{
	struct perf_event *event = &reader->event;

	if (!reader->kind.text) {
		reader->kind = event->name;
		reader->has_period = event->has_period;
		reader->first_ns = event->time_ns;
		reader->last_ns = event->time_ns;
		reader->builder.profile->period_ns = (int64_t)event->period;
	}
	reader->is_in_event = event->name.length == reader->kind.length &&
			      !memcmp(event->name.text, reader->kind.text, event->name.length);
	reader->n_left_out += !reader->is_in_event;
	return 0;
}

static int read_line(struct perf_reader *reader)
{
	const struct text_lines *lines = &reader->lines;
	struct perf_event event;
	int r;

	if (lines->length && lines->line[0] == '#')
		return 0;
	if (!lines->length)
		return end_event(reader);
	if (perf_event_parse(lines->line, lines->length, &event)) {
		r = end_event(reader);
		reader->event = event;
		return r < 0 ? r : begin_event(reader);
	}
	if (!reader->is_in_event && reader->n_left_out)
		return 0;
	return read_frame(reader);
}

static int start(struct perf_reader *reader)
{
	int r = builder_init(&reader->builder);

	for (size_t i = 0; r == 0 && i < OWN_LABEL_COUNT; i++)
		r = string_table_add(reader->builder.profile->strings, own_labels[i],
				     &reader->label_names[i]);
	return r;
}

static int finish(struct perf_reader *reader, struct profile **ret_profile)
{
	struct profile *profile = reader->builder.profile;
	bool is_time = perf_event_is_clock(reader->kind);
	char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)reader->kind.length,
		 reader->kind.text ? reader->kind.text : "");
	profile->start_unix_ns = reader->first_ns;
	profile->duration_ns = reader->last_ns - reader->first_ns;
	if (!is_time || !reader->has_period)
		profile->period_ns = 0;
	if (reader->n_left_out) {
		char comment[128];
		int r;

		snprintf(comment, sizeof(comment),
			 "left out: %" PRIu64 " samples of other events than %.64s",
			 reader->n_left_out, text);
		r = profile_add_comment(profile, comment);
		if (r < 0)
			return r;
	}
	if (!reader->has_period)
		return builder_finish(&reader->builder, NULL, NULL, ret_profile);
	return builder_finish(&reader->builder, is_time ? "cpu" : text,
			      is_time ? "nanoseconds" : "count", ret_profile);
}

int perf_read(const char *bytes, size_t size, struct profile **ret_profile,
	      struct complaint *complaint)
{
	_cleanup_(reader_fini) struct perf_reader reader = {
		.lines = text_lines_of(bytes, size),
		.complaint = complaint,
	};
	int r;

	r = start(&reader);
	while (r == 0 && text_lines_next(&reader.lines))
		r = read_line(&reader);
	if (r == 0)
		r = end_event(&reader);
	return r < 0 ? r : finish(&reader, ret_profile);
}
