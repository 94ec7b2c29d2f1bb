/* SPDX-License-Identifier: Apache-2.0 */
#include "export/main_mapping.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"
#include "profiler/profile.h"

/* The program of a label set, as a string, or 0. */
static uint32_t label_set_exe(const struct profile *profile, const struct profile_label_set *set)
{
	for (uint32_t i = set->first_label; i < set->first_label + set->n_labels; i++) {
		const char *name = string_table_get(profile->strings, profile->labels[i].name);

		if (!strcmp(name, LABEL_EXE))
			return profile->labels[i].value;
	}
	return 0;
}

/* Sum up counts: @by_exe by string, @by_leaf by mapping. */
static void weigh_mappings(const struct profile *profile, uint64_t *by_exe, uint64_t *by_leaf)
{
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const struct profile_stack *stack = &profile->stacks[sample->stack];
		uint32_t exe = label_set_exe(profile, &profile->label_sets[sample->label_set]);
		uint32_t mapping = PROFILE_NO_MAPPING;

		if (stack->n_frames)
			mapping = profile->locations[profile->frames[stack->first_frame]].mapping;
		if (mapping != PROFILE_NO_MAPPING)
			by_leaf[mapping] += sample->count;
		by_exe[exe] += sample->count;
	}
	by_exe[0] = 0; /* no program */
}

/* The kernel, vdso and their like are no files. */
static bool mapping_is_file(const struct profile *profile, const struct profile_mapping *mapping)
{
	const char *filename = string_table_get(profile->strings, mapping->filename);

	return filename[0] && filename[0] != '[';
}

int main_mapping_find(const struct profile *profile, size_t *ret_mapping)
{
	_cleanup_(freep) uint64_t *by_exe =
		calloc(string_table_count(profile->strings), sizeof(*by_exe));
	_cleanup_(freep) uint64_t *by_leaf = calloc(profile->n_mappings + 1, sizeof(*by_leaf));
	const struct profile_mapping *best = NULL;
	size_t best_i = 0;

	if (!by_exe || !by_leaf)
		return -ENOMEM;
	weigh_mappings(profile, by_exe, by_leaf);
	for (size_t i = 0; i < profile->n_mappings; i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];
		uint64_t weight = by_exe[mapping->filename];

		if (!mapping_is_file(profile, mapping))
			continue;
		if (!best || weight > by_exe[best->filename] ||
		    (weight == by_exe[best->filename] && by_leaf[i] > by_leaf[best_i])) {
			best = mapping;
			best_i = i;
		}
	}
	*ret_mapping = best_i;
	return 0;
}
