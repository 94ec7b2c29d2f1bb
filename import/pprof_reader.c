/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields may come in any order, and refer to one another: so the message is read once for each kind
 * of thing, strings first, samples last.
 */
#include "import/pprof_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/complaint.h"
#include "import/pprof_tables.h"
#include "import/protobuf.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

DEFINE_CLEANUP(struct profile *, profile_free)

#define LABELS_MAX 256 /* of a sample */

/* What of a sample is collected before it is added. */
struct sample_parts {
	uint32_t *frames;
	size_t n_frames;
	size_t frame_capacity;
	int64_t values[PROFILE_TYPES_MAX];
	size_t n_values;
	struct profile_label labels[LABELS_MAX];
	size_t n_labels;
	struct profile_number numbers[LABELS_MAX];
	size_t n_numbers;
};

struct pprof_reader {
	struct pprof_tables tables;
	struct sample_parts sample; /* scratch */
	size_t count_type;          /* which of a sample's values it counts … */
	int64_t value_scale;        /* … and by what the default one is to be multiplied */
	size_t n_timeless;          /* samples that do not say when they were taken */
};

typedef int read_fn(struct pprof_reader *reader, const struct protobuf_field *field);

static void reader_fini(struct pprof_reader *reader)
{
	free(reader->sample.frames);
	profile_free(reader->tables.profile);
	pprof_tables_fini(&reader->tables);
}

static int read_type_into(struct pprof_reader *reader, const struct protobuf_field *field,
			  struct profile_type *ret_type)
{
	struct byte_cursor cursor = field->bytes;
	struct protobuf_field part;
	int r = 0;

	while (r == 0 && protobuf_next(&cursor, &part)) {
		if (part.number == 1)
			r = pprof_find_string(&reader->tables, part.value, &ret_type->type);
		else if (part.number == 2)
			r = pprof_find_string(&reader->tables, part.value, &ret_type->unit);
	}
	return r == 0 && cursor.is_bad
		       ? pprof_refuse(&reader->tables, "there is a broken type, number", 0)
		       : r;
}

static int read_type(struct pprof_reader *reader, const struct protobuf_field *field)
{
	struct profile_extras *extras = reader->tables.profile->extras;

	if (extras->n_types == PROFILE_TYPES_MAX)
		return pprof_refuse(&reader->tables, "there are more types of values than",
				    PROFILE_TYPES_MAX);
	return read_type_into(reader, field, &extras->types[extras->n_types++]);
}

static int read_default_type(struct pprof_reader *reader, const struct protobuf_field *field)
{
	struct profile_extras *extras = reader->tables.profile->extras;
	uint32_t string;
	int r = pprof_find_string(&reader->tables, field->value, &string);

	for (size_t i = 0; r == 0 && string && i < extras->n_types; i++) {
		if (extras->types[i].type == string) {
			extras->default_type = i;
			extras->says_default = true;
			break;
		}
	}
	return r;
}

static int read_period_type(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return read_type_into(reader, field, &reader->tables.profile->extras->period_type);
}

static int read_drop_frames(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_find_string(&reader->tables, field->value,
				 &reader->tables.profile->extras->drop_frames);
}

static int read_keep_frames(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_find_string(&reader->tables, field->value,
				 &reader->tables.profile->extras->keep_frames);
}

static int read_doc_url(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_find_string(&reader->tables, field->value,
				 &reader->tables.profile->extras->doc_url);
}

static int read_time(struct pprof_reader *reader, const struct protobuf_field *field)
{
	reader->tables.profile->start_unix_ns = (int64_t)field->value;
	return 0;
}

static int read_duration(struct pprof_reader *reader, const struct protobuf_field *field)
{
	reader->tables.profile->duration_ns = (int64_t)field->value;
	return 0;
}

static int read_period(struct pprof_reader *reader, const struct protobuf_field *field)
{
	reader->tables.profile->period_ns = (int64_t)field->value;
	return 0;
}

static int read_comment(struct pprof_reader *reader, const struct protobuf_field *field)
{
	struct byte_cursor cursor = field->bytes;
	bool is_packed = field->wire == PROTOBUF_BYTES;
	uint32_t string;
	int r = 0;

	do {
		uint64_t number = is_packed ? byte_cursor_uleb(&cursor) : field->value;

		r = cursor.is_bad
			    ? pprof_refuse(&reader->tables, "there is a broken comment, number", 0)
			    : pprof_find_string(&reader->tables, number, &string);
		if (r == 0)
			r = profile_add_comment(
				reader->tables.profile,
				string_table_get(reader->tables.profile->strings, string));
	} while (r == 0 && is_packed && byte_cursor_left(&cursor));
	return r;
}

static bool text_is(const struct pprof_reader *reader, uint32_t string, const char *text)
{
	return !strcmp(string_table_get(reader->tables.profile->strings, string), text);
}

/* Profiles of other tools may have times in other units than ns. */
static int64_t scale_of(const struct pprof_reader *reader, uint32_t unit)
{
	static const struct {
		const char *unit;
		int64_t scale;
	} scales[] = { { "microseconds", 1000 },
		       { "milliseconds", 1000000 },
		       { "seconds", 1000000000 } };

	for (size_t i = 0; i < ARRAY_SIZE(scales); i++) {
		if (text_is(reader, unit, scales[i].unit))
			return scales[i].scale;
	}
	return 1;
}

/* Once all types are known. */
static int choose_types(struct pprof_reader *reader)
{
	struct profile_extras *extras = reader->tables.profile->extras;

	if (!extras->n_types)
		return complain(reader->tables.complaint,
				"it says nothing of what its samples count");
	if (!extras->says_default)
		extras->default_type = extras->n_types - 1;
	reader->count_type = extras->default_type;
	for (size_t i = extras->n_types; i-- > 0;) {
		if (text_is(reader, extras->types[i].type, "samples") &&
		    text_is(reader, extras->types[i].unit, "count"))
			reader->count_type = i;
	}
	reader->value_scale = scale_of(reader, extras->types[extras->default_type].unit);
	return 0;
}

/* Where no sample says what ran, it is the first mapping: a process is called by its last part. */
static int choose_program(struct pprof_reader *reader)
{
	struct profile *profile = reader->tables.profile;
	const char *path, *slash;

	for (size_t i = 0; i < profile->n_labels; i++) {
		if (text_is(reader, profile->labels[i].name, LABEL_COMM))
			return 0;
	}
	if (!profile->n_mappings)
		return 0;
	path = string_table_get(profile->strings, profile->mappings[0].filename);
	slash = strrchr(path, '/');
	return string_table_add(profile->strings, slash ? slash + 1 : path,
				&profile->extras->program);
}

static int read_frame(struct pprof_reader *reader, uint64_t id)
{
	struct sample_parts *sample = &reader->sample;
	uint32_t location;
	int r;

	if (!pair_map_find(&reader->tables.locations, (struct pair_key){ .a = id }, &location))
		return pprof_refuse(&reader->tables, "there is no location", id);
	r = array_reserve((void **)&sample->frames, &sample->frame_capacity, sample->n_frames + 1,
			  sizeof(*sample->frames));
	if (r == 0)
		sample->frames[sample->n_frames++] = location;
	return r;
}

static int read_value(struct pprof_reader *reader, uint64_t value)
{
	struct sample_parts *sample = &reader->sample;

	if (sample->n_values == reader->tables.profile->extras->n_types)
		return pprof_refuse(&reader->tables, "a sample has more values than",
				    sample->n_values);
	sample->values[sample->n_values++] = (int64_t)value;
	return 0;
}

/* Repeated numbers are packed, or each a field of its own. */
static int read_numbers(struct pprof_reader *reader, const struct protobuf_field *field,
			int (*read)(struct pprof_reader *reader, uint64_t number))
{
	struct byte_cursor cursor = field->bytes;
	int r = 0;

	if (field->wire != PROTOBUF_BYTES)
		return read(reader, field->value);
	while (r == 0 && byte_cursor_left(&cursor)) {
		uint64_t number = byte_cursor_uleb(&cursor);

		r = cursor.is_bad ? pprof_refuse(&reader->tables, "there is a broken list, field",
						 field->number)
				  : read(reader, number);
	}
	return r;
}

static int read_label(struct pprof_reader *reader, const struct protobuf_field *field)
{
	struct sample_parts *sample = &reader->sample;
	struct profile_label *label = &sample->labels[sample->n_labels];
	struct profile_number *number = &sample->numbers[sample->n_numbers];
	struct byte_cursor cursor = field->bytes;
	struct protobuf_field part;
	int r = 0;

	if (sample->n_labels == LABELS_MAX || sample->n_numbers == LABELS_MAX)
		return pprof_refuse(&reader->tables, "a sample has more labels than", LABELS_MAX);
	*label = (struct profile_label){ 0 };
	*number = (struct profile_number){ 0 };
	while (r == 0 && protobuf_next(&cursor, &part)) {
		if (part.number == 1)
			r = pprof_find_string(&reader->tables, part.value, &label->name);
		else if (part.number == 2)
			r = pprof_find_string(&reader->tables, part.value, &label->value);
		else if (part.number == 3)
			number->value = (int64_t)part.value;
		else if (part.number == 4)
			r = pprof_find_string(&reader->tables, part.value, &number->unit);
	}
	if (r == 0 && cursor.is_bad)
		return pprof_refuse(&reader->tables, "there is a broken label, number",
				    sample->n_labels);
	number->name = label->name;
	if (label->value)
		sample->n_labels++;
	else
		sample->n_numbers++;
	return r;
}

static int label_compare(const void *left, const void *right, void *strings)
{
	const struct profile_label *a = left, *b = right;

	return strcmp(string_table_get(strings, a->name), string_table_get(strings, b->name));
}

/* Profiles have labels sorted by name; values of one name keep their order. */
static void sort_labels(struct pprof_reader *reader)
{
	struct sample_parts *sample = &reader->sample;

	for (size_t i = 1; i < sample->n_labels; i++) {
		struct profile_label label = sample->labels[i];
		size_t k = i;

		for (; k && label_compare(&sample->labels[k - 1], &label,
					  reader->tables.profile->strings) > 0;
		     k--)
			sample->labels[k] = sample->labels[k - 1];
		sample->labels[k] = label;
	}
}

/* Those with numbers are each of one sample. */
static int add_label_set(struct pprof_reader *reader, uint32_t *ret_label_set)
{
	struct sample_parts *sample = &reader->sample;
	struct profile *profile = reader->tables.profile;
	int r;

	sort_labels(reader);
	if (!sample->n_numbers)
		return profile_add_label_set(profile, sample->labels, sample->n_labels,
					     ret_label_set);
	*ret_label_set = (uint32_t)profile->n_label_sets;
	r = profile_append_label_set(profile, sample->labels, sample->n_labels);
	for (size_t i = 0; r == 0 && i < sample->n_numbers; i++) {
		sample->numbers[i].label_set = *ret_label_set;
		r = profile_extras_add_number(profile->extras, &sample->numbers[i]);
	}
	return r;
}

static uint64_t positive(int64_t value, int64_t scale)
{
	int64_t scaled;

	if (value < 0)
		return 0;
	return __builtin_mul_overflow(value, scale, &scaled) ? INT64_MAX : (uint64_t)scaled;
}

/* A sample that tells when it was taken is a moment. */
static int add_moment(struct pprof_reader *reader, const struct profile_sample *sample)
{
	struct sample_parts *parts = &reader->sample;
	struct profile_moment moment = { .count = sample->count,
					 .value = sample->value,
					 .stack = sample->stack,
					 .label_set = sample->label_set };
	bool has_time = false;

	for (size_t i = 0; i < parts->n_numbers; i++) {
		const struct profile_number *number = &parts->numbers[i];

		if (text_is(reader, number->name, LABEL_END_TIMESTAMP)) {
			moment.time_unix_ns = number->value;
			has_time = number->value >= 0;
		} else if (text_is(reader, number->name, LABEL_PRECISION)) {
			moment.is_coarse = number->value >= (int64_t)NS_PER_SECOND;
		} else if (text_is(reader, number->name, LABEL_CPU)) {
			moment.cpu = (uint32_t)number->value;
		}
	}
	reader->n_timeless += !has_time;
	if (!has_time || (!moment.count && !moment.value))
		return 0;
	return profile_add_moment(reader->tables.profile, &moment);
}

static int add_sample(struct pprof_reader *reader)
{
	struct sample_parts *parts = &reader->sample;
	struct profile *profile = reader->tables.profile;
	const struct profile_extras *extras = profile->extras;
	struct profile_sample sample = {
		.count = positive(parts->values[reader->count_type], 1),
		.value = positive(parts->values[extras->default_type], reader->value_scale),
	};
	int r;

	if (parts->n_values != extras->n_types)
		return pprof_refuse(&reader->tables,
				    "a sample has too few values:", parts->n_values);
	r = profile_add_stack(profile, parts->frames, parts->n_frames, &sample.stack);
	if (r == 0)
		r = add_label_set(reader, &sample.label_set);
	if (r == 0)
		r = profile_extras_add_values(profile->extras, parts->values);
	if (r == 0)
		r = add_moment(reader, &sample);
	return r < 0 ? r : profile_append_sample(profile, &sample);
}

static int tell_of_times(struct profile *profile, size_t n_timeless)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "left out: when samples were taken, since %zu of %zu do not say so", n_timeless,
		 profile->n_samples);
	return profile_add_comment(profile, text);
}

/* Times are of use where each sample has one; else all samples are shown as if none had. */
static int finish_moments(struct pprof_reader *reader)
{
	struct profile *profile = reader->tables.profile;
	int r = 0;

	if (reader->n_timeless) {
		if (profile->n_moments)
			r = tell_of_times(profile, reader->n_timeless);
		profile->n_moments = 0;
		profile->n_untimed = 0;
	}
	profile_sort_moments(profile);
	return r;
}

static int read_sample(struct pprof_reader *reader, const struct protobuf_field *field)
{
	struct byte_cursor cursor = field->bytes;
	struct protobuf_field part;
	int r = 0;

	reader->sample.n_frames = 0;
	reader->sample.n_values = 0;
	reader->sample.n_labels = 0;
	reader->sample.n_numbers = 0;
	while (r == 0 && protobuf_next(&cursor, &part)) {
		if (part.number == 1)
			r = read_numbers(reader, &part, read_frame);
		else if (part.number == 2)
			r = read_numbers(reader, &part, read_value);
		else if (part.number == 3)
			r = read_label(reader, &part);
	}
	if (r == 0 && cursor.is_bad)
		return pprof_refuse(&reader->tables, "there is a broken sample, after number",
				    reader->tables.profile->n_samples);
	return r < 0 ? r : add_sample(reader);
}

static int read_string(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_read_string(&reader->tables, field);
}

static int read_mapping(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_read_mapping(&reader->tables, field);
}

static int read_function(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_read_function(&reader->tables, field);
}

static int read_location(struct pprof_reader *reader, const struct protobuf_field *field)
{
	return pprof_read_location(&reader->tables, field);
}

/* In the order in which one refers to the other; samples, which need all of it, are apart. */
static const struct {
	uint32_t number;
	read_fn *read;
} passes[] = {
	{ 6, read_string },       { 3, read_mapping },     { 5, read_function },
	{ 4, read_location },     { 1, read_type },        { 14, read_default_type },
	{ 11, read_period_type }, { 7, read_drop_frames }, { 8, read_keep_frames },
	{ 9, read_time },         { 10, read_duration },   { 12, read_period },
	{ 13, read_comment },     { 15, read_doc_url },
};

static int read_fields(struct pprof_reader *reader, struct byte_cursor cursor, uint32_t number,
		       read_fn *read)
{
	const uint8_t *start = cursor.next;
	struct protobuf_field field;
	int r = 0;

	for (;;) {
		reader->tables.at = (uint64_t)(cursor.next - start);
		if (r < 0 || !protobuf_next(&cursor, &field))
			break;
		if (field.number == number)
			r = read(reader, &field);
	}
	if (r == 0 && cursor.is_bad)
		return complain(reader->tables.complaint, "it is no pprof, or ends early");
	return r;
}

int pprof_read(const char *bytes, size_t size, struct profile **ret_profile,
	       struct complaint *complaint)
{
	_cleanup_(reader_fini) struct pprof_reader reader = { .tables.complaint = complaint };
	const struct byte_cursor cursor = byte_cursor_at((const uint8_t *)bytes, size);
	int r;

	r = profile_new(&reader.tables.profile);
	if (r == 0)
		r = profile_extras_new(&reader.tables.profile->extras);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(passes); i++)
		r = read_fields(&reader, cursor, passes[i].number, passes[i].read);
	if (r == 0)
		r = choose_types(&reader);
	if (r == 0)
		r = read_fields(&reader, cursor, 2, read_sample);
	if (r == 0)
		r = choose_program(&reader);
	if (r == 0)
		r = finish_moments(&reader);
	if (r < 0)
		return r;
	*ret_profile = steal(reader.tables.profile);
	return 0;
}
