/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof_message.h"

#include <errno.h>
#include <string.h>

#include "export/main_mapping.h"
#include "export/pprof.pb-c.h"
#include "export/text.h"
#include "profiler/base/array.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

static const char *const own_strings[PPROF_STRING_COUNT] = {
	[PPROF_STRING_SAMPLES] = "samples",
	[PPROF_STRING_COUNT_UNIT] = "count",
	[PPROF_STRING_CPU] = "cpu",
	[PPROF_STRING_NANOSECONDS] = "nanoseconds",
	[PPROF_STRING_END_TIMESTAMP] = LABEL_END_TIMESTAMP,
	[PPROF_STRING_PRECISION] = LABEL_PRECISION,
};

void *pprof_message_take(struct pprof_message *pprof, size_t count, size_t item_bytes)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, item_bytes, &bytes))
		return NULL;
	return arena_alloc(&pprof->arena, bytes ? bytes : 1);
}

#define TAKE(pprof, pointer, count)                                                                \
	((pointer) = pprof_message_take((pprof), (count), sizeof(*(pointer))))

/* Returns 0 if it is not there. */
static uint32_t find_string(const struct string_table *strings, const char *text)
{
	for (uint32_t i = 1; i < string_table_count(strings); i++) {
		if (!strcmp(string_table_get(strings, i), text))
			return i;
	}
	return 0;
}

static int add_strings(struct pprof_message *pprof)
{
	const struct string_table *strings = pprof->profile->strings;
	uint32_t n_strings = string_table_count(strings);
	enum pprof_string n_own = pprof->is_timed ? PPROF_STRING_COUNT : PPROF_STRING_TIMED;
	Pprof__Profile *message = pprof->message;
	char *text;

	if (!TAKE(pprof, message->string_table, n_strings + PPROF_STRING_COUNT))
		return -ENOMEM;
	for (uint32_t i = 0; i < n_strings; i++) {
		text_append_utf8(&pprof->strings, string_table_get(strings, i));
		buffer_append_char(&pprof->strings, '\0');
	}
	for (enum pprof_string own = 0; own < n_own; own++) {
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
static int add_types(struct pprof_message *pprof)
{
	const struct profile_extras *extras = pprof->profile->extras;
	Pprof__Profile *message = pprof->message;
	const struct profile_type own[] = {
		{ pprof->own_strings[PPROF_STRING_SAMPLES],
		  pprof->own_strings[PPROF_STRING_COUNT_UNIT] },
		{ pprof->own_strings[PPROF_STRING_CPU],
		  pprof->own_strings[PPROF_STRING_NANOSECONDS] },
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
static int add_description(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = pprof->message;
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
static int find_main_mapping(struct pprof_message *pprof)
{
	return pprof->profile->extras ? 0 : main_mapping_find(pprof->profile, &pprof->main_mapping);
}

/* The main mapping moves to the front; those before it move up. */
static uint64_t mapping_id(const struct pprof_message *pprof, uint32_t mapping)
{
	if (mapping == PROFILE_NO_MAPPING)
		return 0;
	if (mapping == pprof->main_mapping)
		return 1;
	return mapping < pprof->main_mapping ? mapping + 2UL : mapping + 1UL;
}

static int add_mappings(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = pprof->message;
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

static int add_functions(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = pprof->message;
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
static Pprof__Line **new_lines(struct pprof_message *pprof)
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

static int add_locations(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = pprof->message;
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

static int collect_labels(struct pprof_message *pprof)
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

int pprof_message_init(const struct profile *profile, bool is_timed,
		       struct pprof_message *ret_message)
{
	static int (*const steps[])(struct pprof_message * pprof) = {
		add_strings,  add_types,     add_description, find_main_mapping,
		add_mappings, add_functions, add_locations,   collect_labels,
	};
	int r = 0;

	*ret_message = (struct pprof_message){
		.profile = profile,
		.is_timed = is_timed,
	};
	if (!TAKE(ret_message, ret_message->message, 1))
		return -ENOMEM;
	pprof__profile__init(ret_message->message);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](ret_message);
	return r;
}

void pprof_message_fini(struct pprof_message *pprof)
{
	arena_fini(&pprof->arena);
	buffer_fini(&pprof->strings);
}

int pprof_message_number_stacks(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;

	if (!TAKE(pprof, pprof->stack_ids, profile->n_frames))
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_frames; i++)
		pprof->stack_ids[i] = profile->frames[i] + 1UL;
	return 0;
}

void pprof_message_set_stack(const struct pprof_message *pprof, uint32_t stack_i,
			     Pprof__Sample *sample)
{
	const struct profile_stack *stack = &pprof->profile->stacks[stack_i];

	sample->location_id = &pprof->stack_ids[stack->first_frame];
	sample->n_location_id = stack->n_frames;
}

int pprof_message_pack(const Pprof__Profile *message, struct buffer *out)
{
	uint8_t *bytes = buffer_append_zeros(out, pprof__profile__get_packed_size(message));

	if (bytes)
		pprof__profile__pack(message, bytes);
	return buffer_error(out);
}
