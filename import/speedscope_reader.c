/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both types of profiles, "sampled" and "evented", are read as bars: what was open, for how long.
 * They are gone through twice: the shortest bar says what a sample is.
 */
#include "import/speedscope_reader.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/complaint.h"
#include "import/profile_builder.h"
#include "import/speedscope_thread.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"

#define DEPTH_MAX 4096

struct speedscope_reader {
	struct profile_builder builder;
	struct complaint *complaint;
	json_t *file;
	uint32_t *functions; /* by frame */
	size_t n_functions;
	const char *unit;
	double scale;              /* of weights, to ns if they are times */
	uint32_t stack[DEPTH_MAX]; /* frames that are open, the root's first */
	size_t depth;
	uint32_t label_set; /* of the profile that is being read */
	double shortest;    /* weight of a bar; 0: not known yet */
	bool is_measuring;  /* the first time */
};

static void reader_fini(struct speedscope_reader *reader)
{
	builder_fini(&reader->builder);
	json_decref(reader->file);
	free(reader->functions);
}

static int parse(struct speedscope_reader *reader, const char *bytes, size_t size)
{
	json_error_t error;

	reader->file = json_loadb(bytes, size, 0, &error);
	if (reader->file)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	return complain(reader->complaint, "line %d, column %d: %s", error.line, error.column,
			error.text);
}

static uint32_t number_or_zero(const json_t *value)
{
	double number = json_number_value(value);

	return number > 0 && number < INT32_MAX ? (uint32_t)number : 0;
}

static int add_text(struct speedscope_reader *reader, const json_t *value, uint32_t *ret_string)
{
	const char *text = json_string_value(value);
	struct builder_text piece = { text ? text : "", json_string_length(value) };

	return builder_add_string(&reader->builder, piece, false, ret_string);
}

static int read_frame(struct speedscope_reader *reader, size_t frame_i, const json_t *frame)
{
	struct profile_function function = {
		.start_line = number_or_zero(json_object_get(frame, "line")),
	};
	int r;

	if (!json_is_string(json_object_get(frame, "name")))
		return complain(reader->complaint, "frame %zu has no name", frame_i);
	r = add_text(reader, json_object_get(frame, "name"), &function.name);
	if (r == 0)
		r = add_text(reader, json_object_get(frame, "file"), &function.filename);
	function.system_name = function.name;
	if (r == 0)
		r = builder_add_function(&reader->builder, &function, &reader->functions[frame_i]);
	return r;
}

static int read_frames(struct speedscope_reader *reader)
{
	const json_t *frames = json_object_get(json_object_get(reader->file, "shared"), "frames");
	int r = 0;

	if (!json_is_array(frames))
		return complain(reader->complaint, "this is JSON, but not speedscope's: there is "
						   "no array shared.frames");
	reader->n_functions = json_array_size(frames);
	reader->functions = calloc(reader->n_functions + 1, sizeof(*reader->functions));
	if (!reader->functions)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < reader->n_functions; i++)
		r = read_frame(reader, i, json_array_get(frames, i));
	return r;
}

static int push(struct speedscope_reader *reader, const json_t *frame)
{
	double number = json_number_value(frame);

	if (!json_is_number(frame) || !(number >= 0 && number < (double)reader->n_functions))
		return complain(reader->complaint, "there is no frame %g", number);
	if (reader->depth == DEPTH_MAX)
		return complain(reader->complaint, "a stack is deeper than %d frames", DEPTH_MAX);
	reader->stack[reader->depth++] = (uint32_t)number;
	return 0;
}

static int add_frames(struct speedscope_reader *reader)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < reader->depth; i++) {
		const struct profile_line line = { .function =
							   reader->functions[reader->stack[i]] };
		const struct builder_frame frame = {
			.mapping = PROFILE_NO_MAPPING,
			.kind = FRAME_NATIVE,
			.lines = &line,
			.n_lines = 1,
		};

		r = builder_add_frame(&reader->builder, &frame);
	}
	return r;
}

static uint64_t whole(double number)
{
	return number < 1 ? 1 : number < 9e18 ? (uint64_t)llround(number) : INT64_MAX;
}

/* What is open was so for @weight, until @end. */
static int add_bar(struct speedscope_reader *reader, double weight, double end)
{
	struct profile_sample sample = { .label_set = reader->label_set };
	struct profile_moment moment = {
		.time_unix_ns = fabs(end) < 9e18 ? llround(end) : 0,
	};
	int r;

	if (!reader->depth || !(weight > 0))
		return 0;
	if (reader->is_measuring) {
		if (!reader->shortest || weight < reader->shortest)
			reader->shortest = weight;
		return 0;
	}
	sample.count = whole(weight / reader->shortest);
	sample.value = whole(weight);
	r = add_frames(reader);
	return r < 0 ? r : builder_add_sample(&reader->builder, &sample, true, &moment);
}

static int read_sampled(struct speedscope_reader *reader, const json_t *profile)
{
	const json_t *samples = json_object_get(profile, "samples");
	const json_t *weights = json_object_get(profile, "weights");
	double end = json_number_value(json_object_get(profile, "startValue")) * reader->scale;
	int r = 0;

	if (!json_is_array(samples) || json_array_size(samples) != json_array_size(weights))
		return complain(reader->complaint, "a profile has not as many weights as samples");
	for (size_t i = 0; r == 0 && i < json_array_size(samples); i++) {
		const json_t *sample = json_array_get(samples, i);
		double weight = json_number_value(json_array_get(weights, i)) * reader->scale;

		reader->depth = 0;
		for (size_t k = 0; r == 0 && k < json_array_size(sample); k++)
			r = push(reader, json_array_get(sample, k));
		end += weight;
		if (r == 0)
			r = add_bar(reader, weight, end);
	}
	return r;
}

static int read_event(struct speedscope_reader *reader, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *frame = json_object_get(event, "frame");

	if (type && !strcmp(type, "O"))
		return push(reader, frame);
	if (!type || strcmp(type, "C") != 0)
		return complain(reader->complaint, "an event is of neither type, O nor C");
	if (!reader->depth || json_number_value(frame) != reader->stack[reader->depth - 1])
		return complain(reader->complaint,
				"frame %g closes, but is not the last one that "
				"opened",
				json_number_value(frame));
	reader->depth--;
	return 0;
}

static int read_evented(struct speedscope_reader *reader, const json_t *profile)
{
	const json_t *events = json_object_get(profile, "events");
	double last = json_number_value(json_object_get(profile, "startValue")) * reader->scale;
	int r = 0;

	if (!json_is_array(events))
		return complain(reader->complaint, "a profile has neither samples nor events");
	reader->depth = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		double at = json_number_value(json_object_get(event, "at")) * reader->scale;

		r = add_bar(reader, at - last, at);
		last = at;
		if (r == 0)
			r = read_event(reader, event);
	}
	return r;
}

/* The unit of all profiles is that of the first. */
static int check_unit(struct speedscope_reader *reader, const json_t *profile)
{
	static const struct {
		const char *name;
		double scale;
	} units[] = {
		{ "nanoseconds", 1 }, { "microseconds", 1e3 }, { "milliseconds", 1e6 },
		{ "seconds", 1e9 },   { "bytes", 1 },          { "none", 1 },
	};
	const char *unit = json_string_value(json_object_get(profile, "unit"));

	if (reader->unit && unit && !strcmp(unit, reader->unit))
		return 0;
	if (reader->unit)
		return complain(reader->complaint, "its profiles have different units, %s and %s",
				reader->unit, unit ? unit : "none");
	for (size_t i = 0; unit && i < ARRAY_SIZE(units); i++) {
		if (!strcmp(unit, units[i].name)) {
			reader->unit = units[i].name;
			reader->scale = units[i].scale;
			return 0;
		}
	}
	return complain(reader->complaint, "a profile has no unit that is known");
}

static int add_labels(struct speedscope_reader *reader, const json_t *profile)
{
	const json_t *exporter = json_object_get(reader->file, "exporter");
	const char *name = json_string_value(json_object_get(profile, "name"));
	bool is_ours =
		json_is_string(exporter) && !strcmp(json_string_value(exporter), "pilotlight");

	return speedscope_thread_add(&reader->builder, name ? name : "", is_ours,
				     &reader->label_set);
}

static int read_profile(struct speedscope_reader *reader, const json_t *profile)
{
	int r;

	r = check_unit(reader, profile);
	if (r == 0)
		r = add_labels(reader, profile);
	if (r < 0)
		return r;
	return json_object_get(profile, "samples") ? read_sampled(reader, profile)
						   : read_evented(reader, profile);
}

static int read_profiles(struct speedscope_reader *reader)
{
	const json_t *profiles = json_object_get(reader->file, "profiles");
	int r = 0;

	if (!json_is_array(profiles))
		return complain(reader->complaint,
				"this is JSON, but not speedscope's: there is no array profiles");
	for (int turn = 0; turn < 2; turn++) {
		reader->is_measuring = turn == 0;
		for (size_t i = 0; r == 0 && i < json_array_size(profiles); i++)
			r = read_profile(reader, json_array_get(profiles, i));
	}
	return r;
}

static int finish(struct speedscope_reader *reader, struct profile **ret_profile)
{
	struct profile *profile = reader->builder.profile;

	if (!reader->unit || !strcmp(reader->unit, "none"))
		return builder_finish(&reader->builder, NULL, NULL, ret_profile);
	if (!strcmp(reader->unit, "bytes"))
		return builder_finish(&reader->builder, "space", "bytes", ret_profile);
	profile->period_ns = (int64_t)whole(reader->shortest);
	return builder_finish(&reader->builder, "cpu", "nanoseconds", ret_profile);
}

int speedscope_read(const char *bytes, size_t size, struct profile **ret_profile,
		    struct complaint *complaint)
{
	_cleanup_(freep) struct speedscope_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->complaint = complaint;
	r = builder_init(&reader->builder);
	if (r == 0)
		r = parse(reader, bytes, size);
	if (r == 0)
		r = read_frames(reader);
	if (r == 0)
		r = read_profiles(reader);
	if (r == 0)
		r = finish(reader, ret_profile);
	reader_fini(reader);
	return r;
}
