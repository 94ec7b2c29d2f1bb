/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_type.h"

#include <string.h>

#define TYPE_LABELS(name, sample_type, sample_unit, period_type, period_unit)                      \
	{                                                                                          \
		[TYPE_LABEL_NAME] = { "__name__", (name) },                                        \
		[TYPE_LABEL_PERIOD_TYPE] = { "__period_type__", (period_type) },                   \
		[TYPE_LABEL_PERIOD_UNIT] = { "__period_unit__", (period_unit) },                   \
		[TYPE_LABEL_ID] = { "__profile_type__", name ":" sample_type ":" sample_unit       \
							     ":" period_type ":" period_unit },    \
		[TYPE_LABEL_SAMPLE_TYPE] = { "__type__", (sample_type) },                          \
		[TYPE_LABEL_SAMPLE_UNIT] = { "__unit__", (sample_unit) },                          \
	}

/* clang-format off */
const struct querier_type querier_types[QUERIER_TYPE_COUNT] = {
	{ TYPE_LABELS("process_cpu", "cpu", "nanoseconds", "cpu", "nanoseconds"), PROFILE_VALUE },
	{ TYPE_LABELS("process_cpu", "samples", "count", "cpu", "nanoseconds"), PROFILE_COUNT },
};
/* clang-format on */

const struct label *querier_type_label(const struct querier_type *type, const char *name)
{
	for (size_t i = 0; i < TYPE_LABEL_COUNT; i++) {
		if (!strcmp(type->labels[i].name, name))
			return &type->labels[i];
	}
	return NULL;
}

const char *querier_sample_label(const char *name)
{
	return strcmp(name, QUERIER_SERVICE) == 0 ? LABEL_SERVICE : name;
}
