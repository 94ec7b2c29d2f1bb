/* SPDX-License-Identifier: Apache-2.0 */
#include "import/profile_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile_extras.h"

int builder_init(struct profile_builder *ret_builder)
{
	*ret_builder = (struct profile_builder){ 0 };
	return profile_new(&ret_builder->profile);
}

void builder_fini(struct profile_builder *builder)
{
	profile_free(builder->profile);
	pair_map_fini(&builder->chains);
	pair_map_fini(&builder->locations);
	free(builder->frames);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that is escaped at @text, or -1. */
static int escaped_byte(const char *text, size_t length)
{
	int high, low;

	if (length < 4 || text[0] != '\\' || text[1] != 'x')
		return -1;
	high = hex_digit(text[2]);
	low = hex_digit(text[3]);
	return high < 0 || low < 0 || high + low == 0 ? -1 : high << 4 | low;
}

int builder_add_string(struct profile_builder *builder, struct builder_text text, bool is_escaped,
		       uint32_t *ret_string)
{
	_cleanup_(freep) char *copy = malloc(text.length + 1);
	size_t length = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < text.length; i++) {
		int byte = is_escaped ? escaped_byte(text.text + i, text.length - i) : -1;

		copy[length++] = byte >= 0 ? (char)byte : text.text[i] ? text.text[i] : '?';
		i += byte >= 0 ? 3 : 0;
	}
	return string_table_add_n(builder->profile->strings, copy, length, ret_string);
}

int builder_add_function(struct profile_builder *builder, const struct profile_function *function,
			 uint32_t *ret_index)
{
	return profile_add_function(builder->profile, function, ret_index);
}

/* One step more of what a location is. */
static int chain_step(struct profile_builder *builder, uint64_t step, uint32_t *chain)
{
	struct pair_key key = { *chain, step };
	int r = pair_map_find_or_add(&builder->chains, key, builder->n_chains + 1, chain);

	if (r == 1)
		builder->n_chains++;
	return r < 0 ? r : 0;
}

static int find_chain(struct profile_builder *builder, const struct builder_frame *frame,
		      uint32_t *chain)
{
	int r;

	*chain = 0;
	r = chain_step(builder, frame->address, chain);
	if (r == 0)
		r = chain_step(builder, (uint64_t)frame->mapping << 32 | frame->kind, chain);
	for (size_t i = 0; r == 0 && i < frame->n_lines; i++)
		r = chain_step(builder,
			       (uint64_t)frame->lines[i].function << 32 | frame->lines[i].line,
			       chain);
	return r;
}

int builder_add_frame(struct profile_builder *builder, const struct builder_frame *frame)
{
	struct profile *profile = builder->profile;
	const struct profile_location location = {
		.address = frame->address,
		.mapping = frame->mapping,
		.kind = frame->kind,
		.function_off = frame->function_off,
	};
	uint32_t chain, index;
	int r;

	r = find_chain(builder, frame, &chain);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&builder->locations, (struct pair_key){ .a = chain },
				 (uint32_t)profile->n_locations, &index);
	if (r == 1)
		r = profile_append_location(profile, &location, frame->lines, frame->n_lines);
	if (r < 0)
		return r;
	r = array_reserve((void **)&builder->frames, &builder->frame_capacity,
			  builder->n_frames + 1, sizeof(*builder->frames));
	if (r == 0)
		builder->frames[builder->n_frames++] = index;
	return r;
}

static int label_compare(const void *left, const void *right, void *strings)
{
	const struct profile_label *a = left, *b = right;

	return strcmp(string_table_get(strings, a->name), string_table_get(strings, b->name));
}

int builder_add_label_set(struct profile_builder *builder, struct profile_label *labels,
			  size_t n_labels, uint32_t *ret_label_set)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < n_labels; i++) {
		if (labels[i].value)
			labels[n_kept++] = labels[i];
	}
	if (n_kept)
		qsort_r(labels, n_kept, sizeof(*labels), label_compare, builder->profile->strings);
	return profile_add_label_set(builder->profile, labels, n_kept, ret_label_set);
}

static void turn_frames(struct profile_builder *builder)
{
	for (size_t i = 0; i < builder->n_frames / 2; i++) {
		size_t k = builder->n_frames - 1 - i;
		uint32_t frame = builder->frames[i];

		builder->frames[i] = builder->frames[k];
		builder->frames[k] = frame;
	}
}

int builder_add_sample(struct profile_builder *builder, struct profile_sample *sample,
		       bool is_root_first, const struct profile_moment *moment)
{
	struct profile *profile = builder->profile;
	int r;

	if (is_root_first)
		turn_frames(builder);
	r = profile_add_stack(profile, builder->frames, builder->n_frames, &sample->stack);
	builder->n_frames = 0;
	if (r == 0)
		r = profile_add_sample(profile, sample);
	if (r == 0 && moment)
		r = profile_add_moment(profile, &(struct profile_moment){
							.time_unix_ns = moment->time_unix_ns,
							.cpu = moment->cpu,
							.count = sample->count,
							.value = sample->value,
							.stack = sample->stack,
							.label_set = sample->label_set,
						});
	return r;
}

static int add_type(struct profile *profile, const char *type, const char *unit)
{
	struct profile_extras *extras = profile->extras;
	struct profile_type *added = &extras->types[extras->n_types];
	int r;

	r = string_table_add(profile->strings, type, &added->type);
	if (r == 0)
		r = string_table_add(profile->strings, unit, &added->unit);
	extras->n_types++;
	return r;
}

static int64_t clamp_to_int64(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int add_extras(struct profile *profile, const char *type, const char *unit)
{
	struct profile_extras *extras;
	int r;

	r = profile_extras_new(&profile->extras);
	if (r == 0)
		r = add_type(profile, "samples", "count");
	if (r == 0 && type)
		r = add_type(profile, type, unit);
	extras = profile->extras;
	if (r == 0)
		extras->default_type = extras->n_types - 1;
	for (size_t i = 0; r == 0 && i < profile->n_locations; i++)
		r = profile_extras_add_location_flags(extras, 0);
	for (size_t i = 0; r == 0 && i < profile->n_samples; i++) {
		const int64_t values[] = { clamp_to_int64(profile->samples[i].count),
					   clamp_to_int64(profile->samples[i].value) };

		r = profile_extras_add_values(extras, values);
	}
	return r;
}

int builder_finish(struct profile_builder *builder, const char *type, const char *unit,
		   struct profile **ret_profile)
{
	int r = 0;

	profile_sort_moments(builder->profile);
	if (!type || strcmp(type, "cpu") != 0 || strcmp(unit, "nanoseconds") != 0)
		r = add_extras(builder->profile, type, unit);
	if (r == 0)
		*ret_profile = steal(builder->profile);
	return r;
}
