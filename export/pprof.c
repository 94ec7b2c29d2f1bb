/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message is built next to the profile, table by table, each in one piece of memory: nothing is
 * allocated for a sample, a location or a label. Samples of one stack share its location ids, those
 * of one label set its labels.
 */
#include "export/pprof.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "export/gzip.h"
#include "export/main_mapping.h"
#include "export/pprof.pb-c.h"
#include "export/text.h"
#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

enum own_string { STRING_SAMPLES, STRING_COUNT, STRING_CPU, STRING_NANOSECONDS, OWN_STRING_COUNT };

static const char *const own_strings[OWN_STRING_COUNT] = {
	[STRING_SAMPLES] = "samples",
	[STRING_COUNT] = "count",
	[STRING_CPU] = "cpu",
	[STRING_NANOSECONDS] = "nanoseconds",
};

struct pprof {
	const struct profile *profile;
	struct arena arena;    /* of all that message points to, but strings */
	struct buffer strings; /* the string table's texts, each with a NUL */
	uint32_t own_strings[OWN_STRING_COUNT];
	size_t main_mapping;   /* the index that gets id 1 */
	uint64_t *stack_ids;   /* location ids: parallel to profile->frames */
	Pprof__Label **labels; /* label set by label set, empty ones left out: … */
	size_t *first_labels;  /* … of each label set the first … */
	size_t *n_labels;      /* … and how many are left */
	size_t n_values;       /* of a sample */
	Pprof__Profile message;
};

static void pprof_fini(struct pprof *pprof)
{
	arena_fini(&pprof->arena);
	buffer_fini(&pprof->strings);
}

/* Room for @count items, not initialised, or NULL. */
static void *take(struct pprof *pprof, size_t count, size_t item_bytes)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, item_bytes, &bytes))
		return NULL;
	return arena_alloc(&pprof->arena, bytes ? bytes : 1);
}

#define TAKE(pprof, pointer, count) ((pointer) = take((pprof), (count), sizeof(*(pointer))))

static int64_t clamp_to_int64(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* Returns 0 if it is not there. */
static uint32_t find_string(const struct string_table *strings, const char *text)
{
	for (uint32_t i = 1; i < string_table_count(strings); i++) {
		if (!strcmp(string_table_get(strings, i), text))
			return i;
	}
	return 0;
}

static int add_strings(struct pprof *pprof)
{
	const struct string_table *strings = pprof->profile->strings;
	uint32_t n_strings = string_table_count(strings);
	Pprof__Profile *message = &pprof->message;
	char *text;

	if (!TAKE(pprof, message->string_table, n_strings + OWN_STRING_COUNT))
		return -ENOMEM;
	for (uint32_t i = 0; i < n_strings; i++) {
		text_append_utf8(&pprof->strings, string_table_get(strings, i));
		buffer_append_char(&pprof->strings, '\0');
	}
	for (enum own_string own = 0; own < OWN_STRING_COUNT; own++) {
		pprof->own_strings[own] = find_string(strings, own_strings[own]);
		if (pprof->own_strings[own])
			continue;
		pprof->own_strings[own] = n_strings++;
		buffer_append(&pprof->strings, own_strings[own], strlen(own_strings[own]) + 1);
	}
	if (buffer_error(&pprof->strings))
		return buffer_error(&pprof->strings);

	text = pprof->strings.data; /* which does not move any more */
	for (uint32_t i = 0; i < n_strings; i++) {
		message->string_table[i] = text;
		text += strlen(text) + 1;
	}
	message->n_string_table = n_strings;
	return 0;
}

/* What a sample's values are: counts and CPU time, unless it was read from elsewhere. */
static int add_types(struct pprof *pprof)
{
	const struct profile_extras *extras = pprof->profile->extras;
	Pprof__Profile *message = &pprof->message;
	const struct profile_type own[] = {
		{ pprof->own_strings[STRING_SAMPLES], pprof->own_strings[STRING_COUNT] },
		{ pprof->own_strings[STRING_CPU], pprof->own_strings[STRING_NANOSECONDS] },
	};
	const struct profile_type *types = extras ? extras->types : own;
	const struct profile_type *period = extras ? &extras->period_type : &own[1];
	Pprof__ValueType *added;

	pprof->n_values = extras ? extras->n_types : ARRAY_SIZE(own);
	if (!TAKE(pprof, added, pprof->n_values + 1) ||
	    !TAKE(pprof, message->sample_type, pprof->n_values))
		return -ENOMEM;
	for (size_t i = 0; i <= pprof->n_values; i++) {
		const struct profile_type *type = i < pprof->n_values ? &types[i] : period;

		pprof__value_type__init(&added[i]);
		added[i].type = type->type;
		added[i].unit = type->unit;
		if (i < pprof->n_values)
			message->sample_type[i] = &added[i];
	}
	message->n_sample_type = pprof->n_values;
	if (period->type || period->unit)
		message->period_type = &added[pprof->n_values];
	if (!extras || extras->says_default)
		message->default_sample_type = types[extras ? extras->default_type : 1].type;
	return 0;
}

/* Period, times, and what is for people. */
static int add_description(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = &pprof->message;
	int64_t *comments;

	if (!TAKE(pprof, comments, profile->n_comments))
		return -ENOMEM;
	message->period = profile->period_ns;
	message->time_nanos = profile->start_unix_ns;
	message->duration_nanos = profile->duration_ns;
	for (size_t i = 0; i < profile->n_comments; i++)
		comments[i] = profile->comments[i];
	message->comment = comments;
	message->n_comment = profile->n_comments;
	if (profile->extras) {
		message->drop_frames = profile->extras->drop_frames;
		message->keep_frames = profile->extras->keep_frames;
		message->doc_url = profile->extras->doc_url;
	}
	return 0;
}

/* What was read from elsewhere keeps the order that it had. */
static int find_main_mapping(struct pprof *pprof)
{
	return pprof->profile->extras ? 0 : main_mapping_find(pprof->profile, &pprof->main_mapping);
}

/* The main mapping moves to the front; those before it move up. */
static uint64_t mapping_id(const struct pprof *pprof, uint32_t mapping)
{
	if (mapping == PROFILE_NO_MAPPING)
		return 0;
	if (mapping == pprof->main_mapping)
		return 1;
	return mapping < pprof->main_mapping ? mapping + 2UL : mapping + 1UL;
}

static int add_mappings(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = &pprof->message;
	Pprof__Mapping *mappings;

	if (!TAKE(pprof, mappings, profile->n_mappings) ||
	    !TAKE(pprof, message->mapping, profile->n_mappings))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_mappings; i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];

		pprof__mapping__init(&mappings[i]);
		mappings[i].id = mapping_id(pprof, (uint32_t)i);
		mappings[i].memory_start = mapping->start_addr;
		mappings[i].memory_limit = mapping->limit_addr;
		mappings[i].file_offset = mapping->file_off;
		mappings[i].filename = mapping->filename;
		mappings[i].build_id = mapping->build_id;
		mappings[i].has_functions = mapping->has_functions;
		mappings[i].has_filenames = mapping->has_filenames;
		mappings[i].has_line_numbers = mapping->has_line_numbers;
		mappings[i].has_inline_frames = mapping->has_inline_frames;
		message->mapping[mappings[i].id - 1] = &mappings[i];
	}
	message->n_mapping = profile->n_mappings;
	return 0;
}

static int add_functions(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = &pprof->message;
	Pprof__Function *functions;

	if (!TAKE(pprof, functions, profile->n_functions) ||
	    !TAKE(pprof, message->function, profile->n_functions))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_functions; i++) {
		const struct profile_function *function = &profile->functions[i];

		pprof__function__init(&functions[i]);
		functions[i].id = i + 1;
		functions[i].name = function->name;
		functions[i].system_name = function->system_name;
		functions[i].filename = function->filename;
		functions[i].start_line = function->start_line;
		message->function[i] = &functions[i];
	}
	message->n_function = profile->n_functions;
	return 0;
}

/* Returns an array of pointers parallel to profile->lines, or NULL. */
static Pprof__Line **new_lines(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Line *lines, **pointers;

	if (!TAKE(pprof, lines, profile->n_lines) || !TAKE(pprof, pointers, profile->n_lines))
		return NULL;
	for (size_t i = 0; i < profile->n_lines; i++) {
		pprof__line__init(&lines[i]);
		lines[i].function_id = profile->lines[i].function + 1UL;
		lines[i].line = profile->lines[i].line;
		lines[i].column = profile->lines[i].column;
		pointers[i] = &lines[i];
	}
	return pointers;
}

static int add_locations(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = &pprof->message;
	const struct profile_extras *extras = profile->extras;
	Pprof__Line **lines = new_lines(pprof);
	Pprof__Location *locations;

	if (!lines || !TAKE(pprof, locations, profile->n_locations) ||
	    !TAKE(pprof, message->location, profile->n_locations))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_locations; i++) {
		const struct profile_location *location = &profile->locations[i];

		pprof__location__init(&locations[i]);
		locations[i].id = i + 1;
		locations[i].mapping_id = mapping_id(pprof, location->mapping);
		locations[i].address = location->address;
		locations[i].line = &lines[location->first_line];
		locations[i].n_line = location->n_lines;
		if (extras && extras->location_flags[i] & PROFILE_LOCATION_NAMELESS)
			locations[i].n_line = 0;
		if (extras && extras->location_flags[i] & PROFILE_LOCATION_FOLDED)
			locations[i].is_folded = true;
		message->location[i] = &locations[i];
	}
	message->n_location = profile->n_locations;
	return 0;
}

static int number_stacks(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;

	if (!TAKE(pprof, pprof->stack_ids, profile->n_frames))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_frames; i++)
		pprof->stack_ids[i] = profile->frames[i] + 1UL;
	return 0;
}

/* Readers drop a label without a value, or refuse it: it says no more than one that is missing. */
static size_t add_text_labels(const struct profile *profile, const struct profile_label_set *set,
			      Pprof__Label *labels)
{
	size_t n_added = 0;

	for (uint32_t k = set->first_label; k < set->first_label + set->n_labels; k++) {
		const struct profile_label *label = &profile->labels[k];

		if (!label->name || !label->value)
			continue;
		pprof__label__init(&labels[n_added]);
		labels[n_added].key = label->name;
		labels[n_added++].str = label->value;
	}
	return n_added;
}

/* *@number_i is the first that is not added yet: they are sorted by label set. */
static size_t add_numbers(const struct profile_extras *extras, size_t label_set, size_t *number_i,
			  Pprof__Label *labels)
{
	size_t n_added = 0;

	for (; extras && *number_i < extras->n_numbers; ++*number_i) {
		const struct profile_number *number = &extras->numbers[*number_i];

		if (number->label_set != label_set)
			break;
		pprof__label__init(&labels[n_added]);
		labels[n_added].key = number->name;
		labels[n_added].num = number->value;
		labels[n_added++].num_unit = number->unit;
	}
	return n_added;
}

static int collect_labels(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	const struct profile_extras *extras = profile->extras;
	size_t n_all = profile->n_labels + (extras ? extras->n_numbers : 0);
	size_t first = 0, number_i = 0;
	Pprof__Label *labels;

	if (!TAKE(pprof, labels, n_all) || !TAKE(pprof, pprof->labels, n_all) ||
	    !TAKE(pprof, pprof->first_labels, profile->n_label_sets) ||
	    !TAKE(pprof, pprof->n_labels, profile->n_label_sets))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_label_sets; i++) {
		size_t n = add_text_labels(profile, &profile->label_sets[i], &labels[first]);

		n += add_numbers(extras, i, &number_i, &labels[first + n]);
		pprof->first_labels[i] = first;
		pprof->n_labels[i] = n;
		first += n;
	}
	for (size_t i = 0; i < first; i++)
		pprof->labels[i] = &labels[i];
	return 0;
}

static int64_t signed_of(const struct profile_sample *sample, uint64_t value)
{
	return sample->is_base ? -clamp_to_int64(value) : clamp_to_int64(value);
}

static void set_values(const struct pprof *pprof, size_t sample_i, int64_t *values)
{
	const struct profile_sample *sample = &pprof->profile->samples[sample_i];
	const struct profile_extras *extras = pprof->profile->extras;

	if (extras) {
		for (size_t i = 0; i < pprof->n_values; i++)
			values[i] = extras->values[sample_i * pprof->n_values + i];
		return;
	}
	values[0] = signed_of(sample, sample->count);
	values[1] = signed_of(sample, sample->value);
}

static int add_samples(struct pprof *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = &pprof->message;
	Pprof__Sample *samples;
	int64_t *values;

	if (!TAKE(pprof, samples, profile->n_samples) ||
	    !TAKE(pprof, message->sample, profile->n_samples) ||
	    !TAKE(pprof, values, profile->n_samples * pprof->n_values))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const struct profile_stack *stack = &profile->stacks[sample->stack];

		if (!profile->extras && !sample->count && !sample->value)
			continue;
		pprof__sample__init(&samples[i]);
		samples[i].value = &values[i * pprof->n_values];
		samples[i].n_value = pprof->n_values;
		set_values(pprof, i, samples[i].value);
		samples[i].location_id = &pprof->stack_ids[stack->first_frame];
		samples[i].n_location_id = stack->n_frames;
		samples[i].label = &pprof->labels[pprof->first_labels[sample->label_set]];
		samples[i].n_label = pprof->n_labels[sample->label_set];
		message->sample[message->n_sample++] = &samples[i];
	}
	return 0;
}

static int build(struct pprof *pprof)
{
	static int (*const steps[])(struct pprof * pprof) = {
		add_strings,   add_types,     add_description, find_main_mapping, add_mappings,
		add_functions, add_locations, number_stacks,   collect_labels,    add_samples,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](pprof);
	return r;
}

static int pack(const Pprof__Profile *message, struct buffer *out)
{
	size_t size = pprof__profile__get_packed_size(message);
	_cleanup_(freep) uint8_t *bytes = malloc(size ? size : 1);

	if (!bytes)
		return -ENOMEM;
	pprof__profile__pack(message, bytes);
	return gzip_append(out, bytes, size);
}

int pprof_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(pprof_fini) struct pprof pprof = {
		.profile = profile,
		.message = PPROF__PROFILE__INIT,
	};
	int r;

	r = build(&pprof);
	return r < 0 ? r : pack(&pprof.message, out);
}

/* Of each sample's values only number @value_i stays. */
static void narrow(Pprof__Profile *message, size_t value_i)
{
	message->sample_type += value_i;
	message->n_sample_type = 1;
	message->default_sample_type = message->sample_type[0]->type;
	for (size_t i = 0; i < message->n_sample; i++) {
		message->sample[i]->value += value_i;
		message->sample[i]->n_value = 1;
	}
}

int pprof_build(const struct profile *profile, enum profile_weight weight,
		const struct pprof_callback *callback)
{
	_cleanup_(pprof_fini) struct pprof pprof = {
		.profile = profile,
		.message = PPROF__PROFILE__INIT,
	};
	int r;

	assert(!profile->extras);
	r = build(&pprof);
	if (r < 0)
		return r;
	narrow(&pprof.message, weight == PROFILE_COUNT ? 0 : 1);
	return callback->on_message(callback->context, &pprof.message.base);
}
