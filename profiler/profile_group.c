/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_copy.h"

DEFINE_CLEANUP(struct profile *, profile_free)

struct names {
	const char *const *names;
	size_t n_names;
};

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n_names; i++) {
		if (!strcmp(names->names[i], name))
			return true;
	}
	return false;
}

/* What @names leave of a label set of the source. */
static int reduce(struct profile_copy *copy, const struct names *names, uint32_t label_set)
{
	const struct profile *source = copy->source;
	const struct profile_label_set *set = &source->label_sets[label_set];
	_cleanup_(freep) struct profile_label *kept = calloc(set->n_labels + 1UL, sizeof(*kept));
	size_t n_kept = 0;
	uint32_t added;
	int r = kept ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < set->n_labels; i++) {
		const struct profile_label *label = &source->labels[set->first_label + i];

		if (!has_name(names, string_table_get(source->strings, label->name)))
			continue;
		r = profile_copy_string(copy, label->name, &kept[n_kept].name);
		if (r == 0)
			r = profile_copy_string(copy, label->value, &kept[n_kept++].value);
	}
	if (r == 0)
		r = profile_add_label_set(copy->target, kept, n_kept, &added);
	if (r == 0)
		profile_copy_set_label_set(copy, label_set, added);
	return r;
}

int profile_group(const struct profile *profile, const char *const *names, size_t n_names,
		  struct query_budget *budget, struct profile **ret_profile)
{
	const struct names kept = { names, n_names };
	_cleanup_(profile_freep) struct profile *target = NULL;
	_cleanup_(profile_copy_fini) struct profile_copy copy = { 0 };
	int r;

	r = profile_new(&target);
	if (r == 0)
		r = profile_copy_init(&copy, profile, target);
	if (r < 0)
		return r;
	copy.budget = budget;
	profile_copy_description(&copy);
	for (uint32_t i = 0; r == 0 && i < profile->n_label_sets; i++) {
		r = reduce(&copy, &kept, i);
		if (r == 0)
			r = profile_copy_ask(&copy);
	}
	if (r == 0)
		r = profile_copy_samples(&copy);
	if (r == 0)
		*ret_profile = steal(target);
	return r;
}
