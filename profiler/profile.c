/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/pair_map.h"
#include "profiler/profile_extras.h"

/* What is there already, by what makes it what it is. Most of that fits into a pair as it is. */
struct profile_index {
	struct pair_map mappings, functions, locations, samples;
	struct pair_map stacks, label_sets; /* by hash: see run_find_or_add() */
	size_t mapping_capacity, function_capacity, line_capacity, location_capacity,
		stack_capacity, frame_capacity, label_capacity, label_set_capacity, sample_capacity,
		moment_capacity, comment_capacity;
};

DEFINE_CLEANUP(struct profile *, profile_free)

int profile_new(struct profile **ret_profile)
{
	_cleanup_(profile_freep) struct profile *profile = calloc(1, sizeof(*profile));
	int r;

	if (!profile)
		return -ENOMEM;
	profile->index = calloc(1, sizeof(*profile->index));
	if (!profile->index)
		return -ENOMEM;
	r = string_table_new(&profile->strings);
	if (r < 0)
		return r;
	*ret_profile = steal(profile);
	return 0;
}

struct profile *profile_free(struct profile *profile)
{
	if (!profile)
		return NULL;
	if (profile->index) {
		pair_map_fini(&profile->index->mappings);
		pair_map_fini(&profile->index->functions);
		pair_map_fini(&profile->index->locations);
		pair_map_fini(&profile->index->stacks);
		pair_map_fini(&profile->index->label_sets);
		pair_map_fini(&profile->index->samples);
	}
	profile_extras_free(profile->extras);
	free(profile->index);
	string_table_free(profile->strings);
	free(profile->mappings);
	free(profile->functions);
	free(profile->lines);
	free(profile->locations);
	free(profile->stacks);
	free(profile->frames);
	free(profile->labels);
	free(profile->label_sets);
	free(profile->samples);
	free(profile->moments);
	free(profile->comments);
	free(profile);
	return NULL;
}

/* Make room for @n_new more items behind @n of them, as long as 32 bits can tell them apart. */
#define RESERVE(profile, items, capacity, n, n_new)                                                \
	((n) + (n_new) > UINT32_MAX                                                                \
		 ? -ENOMEM                                                                         \
		 : array_reserve((void **)&(profile)->items, &(profile)->index->capacity,          \
				 (n) + (n_new), sizeof(*(profile)->items)))

int profile_append_mapping(struct profile *profile, const struct profile_mapping *mapping)
{
	int r = RESERVE(profile, mappings, mapping_capacity, profile->n_mappings, 1);

	if (r == 0)
		profile->mappings[profile->n_mappings++] = *mapping;
	return r;
}

int profile_add_mapping(struct profile *profile, const struct profile_mapping *mapping,
			uint32_t *ret_index)
{
	struct pair_key key = { mapping->start_addr,
				(uint64_t)mapping->filename << 32 | mapping->has_functions };
	int r;

	r = RESERVE(profile, mappings, mapping_capacity, profile->n_mappings, 1);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&profile->index->mappings, key, (uint32_t)profile->n_mappings,
				 ret_index);
	if (r == 1)
		profile->mappings[profile->n_mappings++] = *mapping;
	return r < 0 ? r : 0;
}

int profile_append_function(struct profile *profile, const struct profile_function *function)
{
	int r = RESERVE(profile, functions, function_capacity, profile->n_functions, 1);

	if (r == 0)
		profile->functions[profile->n_functions++] = *function;
	return r;
}

int profile_add_function(struct profile *profile, const struct profile_function *function,
			 uint32_t *ret_index)
{
	struct pair_key key = { (uint64_t)function->name << 32 | function->system_name,
				(uint64_t)function->filename << 32 | function->start_line };
	int r;

	r = RESERVE(profile, functions, function_capacity, profile->n_functions, 1);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&profile->index->functions, key, (uint32_t)profile->n_functions,
				 ret_index);
	if (r == 1)
		profile->functions[profile->n_functions++] = *function;
	return r < 0 ? r : 0;
}

int profile_append_location(struct profile *profile, const struct profile_location *location,
			    const struct profile_line *lines, size_t n_lines)
{
	struct profile_location added = *location;
	int r;

	r = RESERVE(profile, locations, location_capacity, profile->n_locations, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, lines, line_capacity, profile->n_lines, n_lines);
	if (r < 0)
		return r;
	added.first_line = (uint32_t)profile->n_lines;
	added.n_lines = (uint32_t)n_lines;
	for (size_t i = 0; i < n_lines; i++)
		profile->lines[profile->n_lines++] = lines[i];
	profile->locations[profile->n_locations++] = added;
	return 0;
}

int profile_add_location(struct profile *profile, const struct profile_location *location,
			 const struct profile_line *lines, size_t n_lines, uint32_t *ret_index)
{
	struct pair_key key = { location->address,
				(uint64_t)location->mapping << 40 | (uint64_t)location->kind << 32 |
					(n_lines ? lines[0].function : UINT32_MAX) };
	int r;

	r = RESERVE(profile, locations, location_capacity, profile->n_locations, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, lines, line_capacity, profile->n_lines, n_lines);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&profile->index->locations, key, (uint32_t)profile->n_locations,
				 ret_index);
	return r == 1 ? profile_append_location(profile, location, lines, n_lines) : r;
}

/* A run of items in an array of the profile: the frames of a stack, the labels of a label set. */
struct run {
	const void *items;
	size_t n_items;
	size_t item_bytes;
	size_t new_index; /* what it gets, if it is not there */
};

static uint64_t run_hash(const struct run *run)
{
	const unsigned char *bytes = run->items;
	size_t n_bytes = run->n_items * run->item_bytes;
	uint64_t hash = n_bytes;
	uint32_t word;

	for (size_t i = 0; i + sizeof(word) <= n_bytes; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	return hash;
}

/*
 * Find @run, or add it, as pair_map_find_or_add() does. Runs with the same hash are
 * told apart by a number behind it; @is_at says whether the run at an index is this one.
 */
static int run_find_or_add(struct profile *profile, struct pair_map *map, const struct run *run,
			   bool (*is_at)(const struct profile *profile, uint32_t index,
					 const struct run *run),
			   uint32_t *ret_index)
{
	struct pair_key key = { run_hash(run), 0 };

	while (pair_map_find(map, key, ret_index)) {
		if (is_at(profile, *ret_index, run))
			return 0;
		key.b++;
	}
	return pair_map_find_or_add(map, key, (uint32_t)run->new_index, ret_index);
}

static bool is_stack_at(const struct profile *profile, uint32_t index, const struct run *run)
{
	const struct profile_stack *stack = &profile->stacks[index];

	return stack->n_frames == run->n_items &&
	       (!run->n_items || !memcmp(&profile->frames[stack->first_frame], run->items,
					 run->n_items * run->item_bytes));
}

static bool is_label_set_at(const struct profile *profile, uint32_t index, const struct run *run)
{
	const struct profile_label_set *set = &profile->label_sets[index];

	return set->n_labels == run->n_items &&
	       (!run->n_items || !memcmp(&profile->labels[set->first_label], run->items,
					 run->n_items * run->item_bytes));
}

int profile_add_stack(struct profile *profile, const uint32_t *frames, size_t n_frames,
		      uint32_t *ret_index)
{
	struct run run = { frames, n_frames, sizeof(*frames), profile->n_stacks };
	int r;

	r = RESERVE(profile, stacks, stack_capacity, profile->n_stacks, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, frames, frame_capacity, profile->n_frames, n_frames);
	if (r < 0)
		return r;
	r = run_find_or_add(profile, &profile->index->stacks, &run, is_stack_at, ret_index);
	if (r != 1)
		return r;
	profile->stacks[profile->n_stacks++] = (struct profile_stack){
		.first_frame = (uint32_t)profile->n_frames,
		.n_frames = (uint32_t)n_frames,
	};
	for (size_t i = 0; i < n_frames; i++)
		profile->frames[profile->n_frames++] = frames[i];
	return 0;
}

int profile_append_label_set(struct profile *profile, const struct profile_label *labels,
			     size_t n_labels)
{
	int r;

	r = RESERVE(profile, label_sets, label_set_capacity, profile->n_label_sets, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, labels, label_capacity, profile->n_labels, n_labels);
	if (r < 0)
		return r;
	profile->label_sets[profile->n_label_sets++] = (struct profile_label_set){
		.first_label = (uint32_t)profile->n_labels,
		.n_labels = (uint32_t)n_labels,
	};
	for (size_t i = 0; i < n_labels; i++)
		profile->labels[profile->n_labels++] = labels[i];
	return 0;
}

int profile_add_label_set(struct profile *profile, const struct profile_label *labels,
			  size_t n_labels, uint32_t *ret_index)
{
	struct run run = { labels, n_labels, sizeof(*labels), profile->n_label_sets };
	int r;

	r = RESERVE(profile, label_sets, label_set_capacity, profile->n_label_sets, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, labels, label_capacity, profile->n_labels, n_labels);
	if (r < 0)
		return r;
	r = run_find_or_add(profile, &profile->index->label_sets, &run, is_label_set_at, ret_index);
	return r == 1 ? profile_append_label_set(profile, labels, n_labels) : r;
}

int profile_append_sample(struct profile *profile, const struct profile_sample *sample)
{
	int r = RESERVE(profile, samples, sample_capacity, profile->n_samples, 1);

	if (r == 0)
		profile->samples[profile->n_samples++] = *sample;
	return r;
}

int profile_add_sample(struct profile *profile, const struct profile_sample *sample)
{
	struct pair_key key = { sample->stack, sample->label_set };
	uint32_t index;
	int r;

	r = RESERVE(profile, samples, sample_capacity, profile->n_samples, 1);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&profile->index->samples, key, (uint32_t)profile->n_samples,
				 &index);
	if (r < 0)
		return r;
	if (r == 1) {
		profile->samples[profile->n_samples++] = *sample;
		return 0;
	}
	profile->samples[index].count += sample->count;
	profile->samples[index].value += sample->value;
	return 0;
}

/* Copy the samples to @sorted by stack, those of one stack in the order in which they are. */
static void sort_by_stack(const struct profile *profile, size_t *ends,
			  struct profile_sample *sorted)
{
	for (size_t i = 0; i < profile->n_samples; i++)
		ends[profile->samples[i].stack + 1]++;
	for (size_t i = 0; i < profile->n_stacks; i++)
		ends[i + 1] += ends[i]; /* where each begins; as it is filled, where it ends */
	for (size_t i = 0; i < profile->n_samples; i++)
		sorted[ends[profile->samples[i].stack]++] = profile->samples[i];
}

/* Add up neighbours: @latest has the latest sample of each label set, plus 1, or 0. */
static void sum_neighbours(struct profile *profile, size_t *latest)
{
	struct profile_sample *samples = profile->samples;
	size_t n_left = 0;

	for (size_t i = 0; i < profile->n_samples; i++) {
		size_t *same = &latest[samples[i].label_set];

		if (*same && samples[*same - 1].stack == samples[i].stack) {
			samples[*same - 1].count += samples[i].count;
			samples[*same - 1].value += samples[i].value;
		} else {
			samples[n_left++] = samples[i];
			*same = n_left;
		}
	}
	profile->n_samples = n_left;
}

int profile_sum_samples(struct profile *profile)
{
	_cleanup_(freep) struct profile_sample *sorted = NULL;
	_cleanup_(freep) size_t *ends = calloc(profile->n_stacks + 1, sizeof(*ends));
	_cleanup_(freep) size_t *latest = calloc(profile->n_label_sets + 1, sizeof(*latest));

	sorted = malloc((profile->n_samples + 1) * sizeof(*sorted));
	if (!sorted || !ends || !latest)
		return -ENOMEM;
	sort_by_stack(profile, ends, sorted);
	free(profile->samples);
	profile->samples = steal(sorted);
	profile->index->sample_capacity = profile->n_samples + 1;
	sum_neighbours(profile, latest);
	return 0;
}

int profile_add_moment(struct profile *profile, const struct profile_moment *moment)
{
	int r;

	if (profile->n_moments >= PROFILE_MOMENTS_MAX) {
		profile->n_untimed += moment->count;
		return 0;
	}
	r = RESERVE(profile, moments, moment_capacity, profile->n_moments, 1);
	if (r == 0)
		profile->moments[profile->n_moments++] = *moment;
	return r;
}

void profile_limit_moments(struct profile *profile, size_t most)
{
	for (; profile->n_moments > most; profile->n_moments--)
		profile->n_untimed += profile->moments[profile->n_moments - 1].count;
}

static int moment_compare(const void *left, const void *right)
{
	const struct profile_moment *a = left, *b = right;

	if (a->time_unix_ns != b->time_unix_ns)
		return a->time_unix_ns < b->time_unix_ns ? -1 : 1;
	if (a->label_set != b->label_set)
		return a->label_set < b->label_set ? -1 : 1;
	return (a->stack > b->stack) - (a->stack < b->stack);
}

void profile_sort_moments(struct profile *profile)
{
	if (profile->n_moments)
		qsort(profile->moments, profile->n_moments, sizeof(*profile->moments),
		      moment_compare);
}

int profile_add_comment(struct profile *profile, const char *comment)
{
	uint32_t string;
	int r;

	r = RESERVE(profile, comments, comment_capacity, profile->n_comments, 1);
	if (r < 0)
		return r;
	r = string_table_add(profile->strings, comment, &string);
	if (r < 0)
		return r;
	profile->comments[profile->n_comments++] = string;
	return 0;
}

static size_t index_bytes(const struct profile_index *index)
{
	return pair_map_bytes(&index->mappings) + pair_map_bytes(&index->functions) +
	       pair_map_bytes(&index->locations) + pair_map_bytes(&index->samples) +
	       pair_map_bytes(&index->stacks) + pair_map_bytes(&index->label_sets);
}

size_t profile_bytes(const struct profile *profile)
{
	const struct profile_index *index = profile->index;

	return string_table_bytes(profile->strings) + index_bytes(index) +
	       index->mapping_capacity * sizeof(*profile->mappings) +
	       index->function_capacity * sizeof(*profile->functions) +
	       index->line_capacity * sizeof(*profile->lines) +
	       index->location_capacity * sizeof(*profile->locations) +
	       index->stack_capacity * sizeof(*profile->stacks) +
	       index->frame_capacity * sizeof(*profile->frames) +
	       index->label_capacity * sizeof(*profile->labels) +
	       index->label_set_capacity * sizeof(*profile->label_sets) +
	       index->sample_capacity * sizeof(*profile->samples) +
	       index->moment_capacity * sizeof(*profile->moments);
}

const char *profile_label_text(const struct profile *profile, uint32_t label_set, const char *name)
{
	const struct profile_label_set *set = &profile->label_sets[label_set];

	for (uint32_t i = set->first_label; i < set->first_label + set->n_labels; i++) {
		const struct profile_label *label = &profile->labels[i];

		if (!strcmp(string_table_get(profile->strings, label->name), name))
			return string_table_get(profile->strings, label->value);
	}
	return "";
}
