/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_copy.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* Labels are sorted by name: where the base's comes among @n_labels of them. */
static size_t place_of_base(const struct profile *profile, const struct profile_label *labels,
			    size_t n_labels)
{
	size_t i = 0;

	while (i < n_labels &&
	       strcmp(string_table_get(profile->strings, labels[i].name), PROFILE_BASE_LABEL) < 0)
		i++;
	return i;
}

/* A label set of the base gets @base_label, of the target, as well. */
static int add_base_label(struct profile_copy *copy, uint32_t label_set,
			  struct profile_label base_label)
{
	const struct profile_label_set *set = &copy->source->label_sets[label_set];
	const struct profile_label *labels = &copy->source->labels[set->first_label];
	size_t place = place_of_base(copy->source, labels, set->n_labels);
	_cleanup_(freep) struct profile_label *added = calloc(set->n_labels + 1UL, sizeof(*added));
	uint32_t index;
	int r = added ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < set->n_labels; i++) {
		struct profile_label *label = &added[i + (i >= place)];

		r = profile_copy_string(copy, labels[i].name, &label->name);
		if (r == 0)
			r = profile_copy_string(copy, labels[i].value, &label->value);
	}
	if (r < 0)
		return r;
	added[place] = base_label;
	r = profile_add_label_set(copy->target, added, set->n_labels + 1UL, &index);
	if (r == 0)
		profile_copy_set_label_set(copy, label_set, index);
	return r;
}

static int add_base_labels(struct profile_copy *copy)
{
	struct profile_label label;
	int r;

	r = string_table_add(copy->target->strings, PROFILE_BASE_LABEL, &label.name);
	if (r == 0)
		r = string_table_add(copy->target->strings, "true", &label.value);
	for (uint32_t i = 0; r == 0 && i < copy->source->n_label_sets; i++) {
		r = add_base_label(copy, i, label);
		if (r == 0)
			r = profile_copy_ask(copy);
	}
	return r;
}

static int add_side(const struct profile *side, struct profile *target, bool is_base,
		    struct query_budget *budget)
{
	_cleanup_(profile_copy_fini) struct profile_copy copy = { 0 };
	int r;

	r = profile_copy_init(&copy, side, target);
	if (r < 0)
		return r;
	copy.is_base = is_base;
	copy.budget = budget;
	if (is_base)
		r = add_base_labels(&copy);
	else
		profile_copy_description(&copy);
	return r < 0 ? r : profile_copy_samples(&copy);
}

int profile_diff(const struct profile *base, const struct profile *profile,
		 struct query_budget *budget, struct profile **ret_diff)
{
	_cleanup_(profile_freep) struct profile *target = NULL;
	int r;

	r = profile_new(&target);
	if (r == 0)
		r = add_side(profile, target, false, budget);
	if (r == 0)
		r = add_side(base, target, true, budget);
	if (r == 0)
		*ret_diff = steal(target);
	return r;
}
