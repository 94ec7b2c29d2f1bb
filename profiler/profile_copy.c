/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_copy.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"

#define MARK_DROPPED UINT32_MAX /* a stack without samples in the target */

static uint32_t *marks_new(size_t count)
{
	return calloc(count + 1, sizeof(uint32_t));
}

static size_t longest_stack(const struct profile *profile)
{
	size_t longest = 0;

	for (size_t i = 0; i < profile->n_stacks; i++) {
		if (profile->stacks[i].n_frames > longest)
			longest = profile->stacks[i].n_frames;
	}
	return longest;
}

int profile_copy_init(struct profile_copy *ret_copy, const struct profile *source,
		      struct profile *target)
{
	struct profile_copy copy = { .source = source, .target = target };

	copy.strings = marks_new(string_table_count(source->strings));
	copy.mappings = marks_new(source->n_mappings);
	copy.functions = marks_new(source->n_functions);
	copy.locations = marks_new(source->n_locations);
	copy.stacks = marks_new(source->n_stacks);
	copy.label_sets = marks_new(source->n_label_sets);
	copy.frames = marks_new(longest_stack(source));
	if (!copy.strings || !copy.mappings || !copy.functions || !copy.locations || !copy.stacks ||
	    !copy.label_sets || !copy.frames) {
		profile_copy_fini(&copy);
		return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

void profile_copy_fini(struct profile_copy *copy)
{
	free(copy->strings);
	free(copy->mappings);
	free(copy->functions);
	free(copy->locations);
	free(copy->stacks);
	free(copy->label_sets);
	free(copy->frames);
	*copy = (struct profile_copy){ 0 };
}

void profile_copy_description(struct profile_copy *copy)
{
	copy->target->start_unix_ns = copy->source->start_unix_ns;
	copy->target->duration_ns = copy->source->duration_ns;
	copy->target->period_ns = copy->source->period_ns;
}

/* Mark that the thing at *@mark has become @index, if there is no error. */
static int mark_set(uint32_t *mark, int r, uint32_t index)
{
	if (r == 0)
		*mark = index + 1;
	return r;
}

int profile_copy_string(struct profile_copy *copy, uint32_t string, uint32_t *ret_string)
{
	uint32_t *mark = &copy->strings[string];
	uint32_t index = 0;
	int r = 0;

	if (!*mark) {
		r = string_table_add(copy->target->strings,
				     string_table_get(copy->source->strings, string), &index);
		r = mark_set(mark, r, index);
	}
	if (r == 0)
		*ret_string = *mark - 1;
	return r;
}

/* Two sources may know differently much of one mapping. */
static void join_flags(struct profile_mapping *mapping, const struct profile_mapping *other)
{
	mapping->has_filenames |= other->has_filenames;
	mapping->has_line_numbers |= other->has_line_numbers;
	mapping->has_inline_frames &= other->has_inline_frames;
}

static int copy_mapping(struct profile_copy *copy, uint32_t mapping, uint32_t *ret_mapping)
{
	struct profile_mapping added = copy->source->mappings[mapping];
	uint32_t *mark = &copy->mappings[mapping];
	uint32_t index;
	int r;

	if (!*mark) {
		r = profile_copy_string(copy, added.filename, &added.filename);
		if (r == 0)
			r = profile_copy_string(copy, added.build_id, &added.build_id);
		if (r == 0)
			r = profile_add_mapping(copy->target, &added, &index);
		if (r < 0)
			return r;
		join_flags(&copy->target->mappings[index], &added);
		*mark = index + 1;
	}
	*ret_mapping = *mark - 1;
	return 0;
}

static int copy_function(struct profile_copy *copy, uint32_t function, uint32_t *ret_function)
{
	struct profile_function added = copy->source->functions[function];
	uint32_t *mark = &copy->functions[function];
	uint32_t index;
	int r;

	if (!*mark) {
		r = profile_copy_string(copy, added.name, &added.name);
		if (r == 0)
			r = profile_copy_string(copy, added.system_name, &added.system_name);
		if (r == 0)
			r = profile_copy_string(copy, added.filename, &added.filename);
		if (r == 0)
			r = profile_add_function(copy->target, &added, &index);
		if (r < 0)
			return r;
		*mark = index + 1;
	}
	*ret_function = *mark - 1;
	return 0;
}

/* As profile_copy_lines(); *@ret_lines is owned by the caller. */
static int copy_lines(struct profile_copy *copy, const struct profile_location *location,
		      const bool *kept, struct profile_line **ret_lines, size_t *ret_n_lines)
{
	const struct profile_line *lines = &copy->source->lines[location->first_line];
	_cleanup_(freep) struct profile_line *added =
		calloc(location->n_lines + 1UL, sizeof(*added));
	size_t n_added = 0;
	int r;

	if (!added)
		return -ENOMEM;
	for (uint32_t i = 0; i < location->n_lines; i++) {
		if (kept && !kept[i])
			continue;
		added[n_added] = lines[i];
		r = copy_function(copy, lines[i].function, &added[n_added].function);
		if (r < 0)
			return r;
		n_added++;
	}
	*ret_lines = steal(added);
	*ret_n_lines = n_added;
	return 0;
}

int profile_copy_lines(struct profile_copy *copy, uint32_t location, const bool *kept)
{
	struct profile_location added = copy->source->locations[location];
	_cleanup_(freep) struct profile_line *lines = NULL;
	size_t n_lines = 0;
	uint32_t index = 0;
	int r = 0;

	if (added.mapping != PROFILE_NO_MAPPING)
		r = copy_mapping(copy, added.mapping, &added.mapping);
	if (r == 0)
		r = copy_lines(copy, &copy->source->locations[location], kept, &lines, &n_lines);
	if (kept && !kept[added.n_lines - 1])
		added.function_off = 0; /* that function is not shown */
	if (r == 0)
		r = profile_add_location(copy->target, &added, lines, n_lines, &index);
	return mark_set(&copy->locations[location], r, index);
}

int profile_copy_location(struct profile_copy *copy, uint32_t location, uint32_t *ret_location)
{
	int r = 0;

	if (!copy->locations[location])
		r = profile_copy_lines(copy, location, NULL);
	if (r == 0)
		*ret_location = copy->locations[location] - 1;
	return r;
}

int profile_copy_stack(struct profile_copy *copy, uint32_t stack, uint32_t *ret_stack)
{
	const struct profile_stack *frames = &copy->source->stacks[stack];
	uint32_t index = 0;
	int r = 0;

	if (!copy->stacks[stack]) {
		for (uint32_t i = 0; r == 0 && i < frames->n_frames; i++)
			r = profile_copy_location(copy,
						  copy->source->frames[frames->first_frame + i],
						  &copy->frames[i]);
		if (r == 0)
			r = profile_add_stack(copy->target, copy->frames, frames->n_frames, &index);
		r = mark_set(&copy->stacks[stack], r, index);
	}
	if (r == 0)
		*ret_stack = copy->stacks[stack] - 1;
	return r;
}

static int copy_label_set(struct profile_copy *copy, uint32_t label_set, uint32_t *ret_label_set)
{
	const struct profile_label_set *set = &copy->source->label_sets[label_set];
	const struct profile_label *labels = &copy->source->labels[set->first_label];
	_cleanup_(freep) struct profile_label *added = calloc(set->n_labels + 1UL, sizeof(*added));
	int r = added ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < set->n_labels; i++) {
		r = profile_copy_string(copy, labels[i].name, &added[i].name);
		if (r == 0)
			r = profile_copy_string(copy, labels[i].value, &added[i].value);
	}
	return r < 0 ? r : profile_add_label_set(copy->target, added, set->n_labels, ret_label_set);
}

int profile_copy_label_set(struct profile_copy *copy, uint32_t label_set, uint32_t *ret_label_set)
{
	uint32_t index = 0;
	int r = 0;

	if (!copy->label_sets[label_set]) {
		r = copy_label_set(copy, label_set, &index);
		r = mark_set(&copy->label_sets[label_set], r, index);
	}
	if (r == 0)
		*ret_label_set = copy->label_sets[label_set] - 1;
	return r;
}

void profile_copy_set_stack(struct profile_copy *copy, uint32_t stack, uint32_t target_stack)
{
	copy->stacks[stack] = target_stack + 1;
}

void profile_copy_drop_stack(struct profile_copy *copy, uint32_t stack)
{
	copy->stacks[stack] = MARK_DROPPED;
}

void profile_copy_set_label_set(struct profile_copy *copy, uint32_t label_set,
				uint32_t target_label_set)
{
	copy->label_sets[label_set] = target_label_set + 1;
}

static int copy_sample(struct profile_copy *copy, const struct profile_sample *sample)
{
	struct profile_sample added = *sample;
	int r;

	if (copy->stacks[sample->stack] == MARK_DROPPED)
		return 0;
	added.is_base |= copy->is_base;
	r = profile_copy_stack(copy, sample->stack, &added.stack);
	if (r == 0)
		r = profile_copy_label_set(copy, sample->label_set, &added.label_set);
	return r < 0 ? r : profile_add_sample(copy->target, &added);
}

static int copy_moment(struct profile_copy *copy, const struct profile_moment *moment)
{
	struct profile_moment added = *moment;
	int r;

	if (copy->stacks[moment->stack] == MARK_DROPPED)
		return 0;
	r = profile_copy_stack(copy, moment->stack, &added.stack);
	if (r == 0)
		r = profile_copy_label_set(copy, moment->label_set, &added.label_set);
	return r < 0 ? r : profile_add_moment(copy->target, &added);
}

int profile_copy_ask(const struct profile_copy *copy)
{
	return query_budget_ask(copy->budget, profile_bytes(copy->target));
}

int profile_copy_samples(struct profile_copy *copy)
{
	const struct profile *source = copy->source;
	int r = 0;

	for (size_t i = 0; r == 0 && i < source->n_samples; i++) {
		r = copy_sample(copy, &source->samples[i]);
		if (r == 0)
			r = profile_copy_ask(copy);
	}
	for (size_t i = 0; r == 0 && i < source->n_moments; i++) {
		r = copy_moment(copy, &source->moments[i]);
		if (r == 0)
			r = profile_copy_ask(copy);
	}
	copy->target->n_untimed += source->n_untimed;
	return r;
}
