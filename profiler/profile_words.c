/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_words.h"

#include <string.h>

#include "profiler/base/string_table.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

static const struct profile_type *shown_type(const struct profile *profile)
{
	const struct profile_extras *extras = profile->extras;

	return extras && extras->n_types ? &extras->types[extras->default_type] : NULL;
}

const char *profile_value_unit(const struct profile *profile)
{
	const struct profile_type *type = shown_type(profile);
	const char *unit = type ? string_table_get(profile->strings, type->unit) : "nanoseconds";

	if (!strcmp(unit, "microseconds") || !strcmp(unit, "milliseconds") ||
	    !strcmp(unit, "seconds"))
		return "nanoseconds";
	return unit;
}

const char *profile_value_name(const struct profile *profile)
{
	const struct profile_type *type = shown_type(profile);

	return type ? string_table_get(profile->strings, type->type) : "cpu";
}

const char *profile_comm(const struct profile *profile, uint32_t label_set)
{
	const char *comm = profile_label_text(profile, label_set, LABEL_COMM);

	if (*comm || !profile->extras)
		return comm;
	return string_table_get(profile->strings, profile->extras->program);
}
