/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

struct entry {
	struct top_function function;
	size_t last_sum; /* that counted, from 1 on */
	const char *text;
};

/* Samples of one stack, which follow one another in most profiles. */
struct sum {
	size_t number; /* from 1 on */
	uint32_t stack;
	uint64_t count, value;
};

struct builder {
	const struct profile *profile;
	struct entry *entries; /* by string: the function of that name */
	size_t n_entries;
};

static void builder_fini(struct builder *builder)
{
	free(builder->entries);
}

static struct entry *entry_of(struct builder *builder, const struct profile_location *location,
			      const struct profile_line *line)
{
	const struct profile *profile = builder->profile;
	const struct profile_function *function = &profile->functions[line->function];
	struct entry *entry = &builder->entries[function->name];

	entry->function.name = function->name;
	if (!entry->function.filename)
		entry->function.filename = function->filename;
	if (!entry->function.mapping && location->mapping != PROFILE_NO_MAPPING)
		entry->function.mapping = profile->mappings[location->mapping].filename;
	return entry;
}

/* Add @sum to all functions at a location of its stack. */
static void add_location(struct builder *builder, const struct sum *sum, uint32_t location_i,
			 bool is_leaf)
{
	const struct profile *profile = builder->profile;
	const struct profile_location *location = &profile->locations[location_i];

	for (uint32_t i = 0; i < location->n_lines; i++) {
		struct entry *entry =
			entry_of(builder, location, &profile->lines[location->first_line + i]);

		if (is_leaf && i == 0) {
			entry->function.self_count += sum->count;
			entry->function.self_value += sum->value;
		}
		if (entry->last_sum == sum->number)
			continue;
		entry->last_sum = sum->number;
		entry->function.total_count += sum->count;
		entry->function.total_value += sum->value;
	}
}

static void add_sum(struct builder *builder, const struct sum *sum, struct profile_top *top)
{
	const struct profile *profile = builder->profile;
	const struct profile_stack *stack = &profile->stacks[sum->stack];

	top->count += sum->count;
	top->value += sum->value;
	for (uint32_t i = 0; i < stack->n_frames; i++)
		add_location(builder, sum, profile->frames[stack->first_frame + i], i == 0);
}

static void add_samples(struct builder *builder, struct profile_top *top)
{
	const struct profile *profile = builder->profile;
	struct sum sum = { 0 };

	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		sum.stack = sample->stack;
		sum.count += sample->count;
		sum.value += sample->value;
		if (i + 1 < profile->n_samples && sample[1].stack == sample->stack)
			continue;
		sum.number++;
		add_sum(builder, &sum, top);
		sum.count = sum.value = 0;
	}
}

static int number_compare(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b); /* the larger one first */
}

static int compare_self(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = number_compare(a->function.self_value, b->function.self_value);

	if (!order)
		order = number_compare(a->function.total_value, b->function.total_value);
	return order ? order : strcmp(a->text, b->text);
}

static int compare_total(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = number_compare(a->function.total_value, b->function.total_value);

	return order ? order : compare_self(left, right);
}

/* Those that were met, to the front, sorted. */
static void sort_entries(struct builder *builder, enum top_order order)
{
	size_t n_met = 0;

	for (uint32_t i = 0; i < builder->n_entries; i++) {
		if (!builder->entries[i].last_sum)
			continue;
		builder->entries[n_met] = builder->entries[i];
		builder->entries[n_met++].text = string_table_get(builder->profile->strings, i);
	}
	builder->n_entries = n_met;
	qsort(builder->entries, n_met, sizeof(*builder->entries),
	      order == TOP_BY_TOTAL ? compare_total : compare_self);
}

int profile_top_init(const struct profile *profile, enum top_order order,
		     struct profile_top *ret_top)
{
	_cleanup_(builder_fini) struct builder builder = { .profile = profile };
	struct profile_top top = { 0 };

	builder.n_entries = string_table_count(profile->strings);
	builder.entries = calloc(builder.n_entries, sizeof(*builder.entries));
	if (!builder.entries)
		return -ENOMEM;
	add_samples(&builder, &top);
	sort_entries(&builder, order);
	top.n_functions = builder.n_entries;
	top.functions = calloc(top.n_functions + 1, sizeof(*top.functions));
	if (!top.functions)
		return -ENOMEM;
	for (size_t i = 0; i < top.n_functions; i++)
		top.functions[i] = builder.entries[i].function;
	*ret_top = top;
	return 0;
}

void profile_top_fini(struct profile_top *top)
{
	free(top->functions);
	*top = (struct profile_top){ 0 };
}
