/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/past.h"
#include "profiler/sample_walk.h"
#include "profiler/snapshot.h"
#include "profiler/window.h"

int merge_part_add(struct merge_part *part, const struct merge_group *added)
{
	struct pair_key key = { added->thread, added->stack };
	struct merge_group *group;
	uint32_t index;
	int r;

	r = array_reserve((void **)&part->groups, &part->group_capacity, part->n_groups + 1,
			  sizeof(*part->groups));
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&part->group_index, key, (uint32_t)part->n_groups, &index);
	if (r < 0)
		return r;
	group = &part->groups[index];
	if (r == 1) {
		*group = *added;
		part->n_groups++;
		return 0;
	}
	group->count += added->count;
	group->value += added->value;
	return 0;
}

static int merge_add(void *context, size_t dictionary_i, int64_t time_unix_ns,
		     const struct window_sample *sample)
{
	struct merge *merge = context;

	(void)time_unix_ns;
	return merge_part_add(&merge->parts[dictionary_i],
			      &(struct merge_group){ sample->thread, sample->stack, sample->weight,
						     sample->value });
}

/* The samples of history, which are added up already. */
static int merge_take_past(const struct past *past, struct merge_part *part)
{
	size_t n_samples;
	const struct past_sample *samples = past_samples(past, &n_samples);
	int r = array_reserve((void **)&part->groups, &part->group_capacity, n_samples,
			      sizeof(*part->groups));

	if (r < 0)
		return r;
	for (size_t i = 0; i < n_samples; i++)
		part->groups[i] = (struct merge_group){ samples[i].thread, samples[i].stack,
							samples[i].count, samples[i].value };
	part->n_groups = n_samples;
	return 0;
}

int merge_init(const struct snapshot *snapshot, int64_t start_unix_ns, int64_t end_unix_ns,
	       struct merge *ret_merge)
{
	_cleanup_(merge_fini) struct merge merge = { .n_parts = snapshot->n_dictionaries };
	const struct sample_walk_callback callback = { merge_add, &merge };
	bool is_summed = snapshot->past && past_is_summed(snapshot->past);
	struct snapshot walked = *snapshot;
	int r = 0;

	merge.parts = calloc(merge.n_parts + 1, sizeof(*merge.parts));
	if (!merge.parts)
		return -ENOMEM;
	if (is_summed) {
		walked.past = NULL;
		r = merge_take_past(snapshot->past, &merge.parts[merge.n_parts - 1]);
	}
	if (r == 0)
		r = sample_walk(&walked, start_unix_ns, end_unix_ns, &callback);
	if (r < 0)
		return r;
	*ret_merge = merge;
	merge = (struct merge){ 0 };
	return 0;
}

void merge_fini(struct merge *merge)
{
	for (size_t i = 0; merge->parts && i < merge->n_parts; i++) {
		free(merge->parts[i].groups);
		pair_map_fini(&merge->parts[i].group_index);
	}
	free(merge->parts);
	*merge = (struct merge){ 0 };
}
