/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"

/* A thing that is there already, by the bytes that make it what it is. */
struct index_entry {
	UT_hash_handle hh;
	uint32_t index;
	unsigned char key[];
};

struct profile_index {
	struct index_entry *mappings, *functions, *locations, *stacks, *label_sets, *samples;
	size_t mapping_capacity, function_capacity, line_capacity, location_capacity,
		stack_capacity, frame_capacity, label_capacity, label_set_capacity, sample_capacity,
		comment_capacity;
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

static void index_free(struct index_entry **head)
{
	struct index_entry *entry, *next;

	HASH_ITER (hh, *head, entry, next) {
		HASH_DEL(*head, entry);
		free(entry);
	}
}

struct profile *profile_free(struct profile *profile)
{
	if (!profile)
		return NULL;
	if (profile->index) {
		index_free(&profile->index->mappings);
		index_free(&profile->index->functions);
		index_free(&profile->index->locations);
		index_free(&profile->index->stacks);
		index_free(&profile->index->label_sets);
		index_free(&profile->index->samples);
	}
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
	free(profile->comments);
	free(profile);
	return NULL;
}

/*
 * Find the entry of @key, or add one with @new_index. Returns 1 if it was there, 0 if it was added;
 * both set *@ret_index.
 */
static int index_find_or_add(struct index_entry **head, const void *key, size_t key_bytes,
			     size_t new_index, uint32_t *ret_index)
{
	struct index_entry *entry = NULL;

	HASH_FIND(hh, *head, key, key_bytes, entry);
	if (entry) {
		*ret_index = entry->index;
		return 1;
	}
	if (new_index >= UINT32_MAX)
		return -ENOMEM;
	entry = calloc(1, sizeof(*entry) + key_bytes);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->key, key, key_bytes);
	entry->index = (uint32_t)new_index;
	HASH_ADD_KEYPTR(hh, *head, entry->key, key_bytes, entry);
	if (!entry->hh.tbl) { /* how uthash tells that it had no memory */
		free(entry);
		return -ENOMEM;
	}
	*ret_index = entry->index;
	return 0;
}

/* Make room for @n_new more items behind @n of them. */
#define RESERVE(profile, items, capacity, n, n_new)                                                \
	array_reserve((void **)&(profile)->items, &(profile)->index->capacity, (n) + (n_new),      \
		      sizeof(*(profile)->items))

int profile_add_mapping(struct profile *profile, const struct profile_mapping *mapping,
			uint32_t *ret_index)
{
	struct {
		uint64_t start_addr;
		uint32_t filename;
		uint32_t has_functions;
	} key = { mapping->start_addr, mapping->filename, mapping->has_functions };
	int r;

	r = RESERVE(profile, mappings, mapping_capacity, profile->n_mappings, 1);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->mappings, &key, sizeof(key), profile->n_mappings,
			      ret_index);
	if (r == 0)
		profile->mappings[profile->n_mappings++] = *mapping;
	return r < 0 ? r : 0;
}

int profile_add_function(struct profile *profile, const struct profile_function *function,
			 uint32_t *ret_index)
{
	int r;

	r = RESERVE(profile, functions, function_capacity, profile->n_functions, 1);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->functions, function, sizeof(*function),
			      profile->n_functions, ret_index);
	if (r == 0)
		profile->functions[profile->n_functions++] = *function;
	return r < 0 ? r : 0;
}

int profile_add_location(struct profile *profile, const struct profile_location *location,
			 const struct profile_line *lines, size_t n_lines, uint32_t *ret_index)
{
	struct {
		uint64_t address;
		uint32_t mapping;
		uint32_t kind;
	} key = { location->address, location->mapping, location->kind };
	struct profile_location added = *location;
	int r;

	r = RESERVE(profile, locations, location_capacity, profile->n_locations, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, lines, line_capacity, profile->n_lines, n_lines);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->locations, &key, sizeof(key), profile->n_locations,
			      ret_index);
	if (r)
		return r < 0 ? r : 0;
	added.first_line = (uint32_t)profile->n_lines;
	added.n_lines = (uint32_t)n_lines;
	for (size_t i = 0; i < n_lines; i++)
		profile->lines[profile->n_lines++] = lines[i];
	profile->locations[profile->n_locations++] = added;
	return 0;
}

int profile_add_stack(struct profile *profile, const uint32_t *frames, size_t n_frames,
		      uint32_t *ret_index)
{
	int r;

	r = RESERVE(profile, stacks, stack_capacity, profile->n_stacks, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, frames, frame_capacity, profile->n_frames, n_frames);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->stacks, frames, n_frames * sizeof(*frames),
			      profile->n_stacks, ret_index);
	if (r)
		return r < 0 ? r : 0;
	profile->stacks[profile->n_stacks++] = (struct profile_stack){
		.first_frame = (uint32_t)profile->n_frames,
		.n_frames = (uint32_t)n_frames,
	};
	for (size_t i = 0; i < n_frames; i++)
		profile->frames[profile->n_frames++] = frames[i];
	return 0;
}

int profile_add_label_set(struct profile *profile, const struct profile_label *labels,
			  size_t n_labels, uint32_t *ret_index)
{
	int r;

	r = RESERVE(profile, label_sets, label_set_capacity, profile->n_label_sets, 1);
	if (r < 0)
		return r;
	r = RESERVE(profile, labels, label_capacity, profile->n_labels, n_labels);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->label_sets, labels, n_labels * sizeof(*labels),
			      profile->n_label_sets, ret_index);
	if (r)
		return r < 0 ? r : 0;
	profile->label_sets[profile->n_label_sets++] = (struct profile_label_set){
		.first_label = (uint32_t)profile->n_labels,
		.n_labels = (uint32_t)n_labels,
	};
	for (size_t i = 0; i < n_labels; i++)
		profile->labels[profile->n_labels++] = labels[i];
	return 0;
}

int profile_add_sample(struct profile *profile, const struct profile_sample *sample)
{
	uint32_t key[2] = { sample->stack, sample->label_set };
	uint32_t index;
	int r;

	r = RESERVE(profile, samples, sample_capacity, profile->n_samples, 1);
	if (r < 0)
		return r;
	r = index_find_or_add(&profile->index->samples, key, sizeof(key), profile->n_samples,
			      &index);
	if (r < 0)
		return r;
	if (r == 0) {
		profile->samples[profile->n_samples++] = *sample;
		return 0;
	}
	profile->samples[index].count += sample->count;
	profile->samples[index].value += sample->value;
	return 0;
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
