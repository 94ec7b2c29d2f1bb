/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_extras.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"

int profile_extras_new(struct profile_extras **ret_extras)
{
	struct profile_extras *extras = calloc(1, sizeof(*extras));

	if (!extras)
		return -ENOMEM;
	*ret_extras = extras;
	return 0;
}

struct profile_extras *profile_extras_free(struct profile_extras *extras)
{
	if (!extras)
		return NULL;
	free(extras->values);
	free(extras->numbers);
	free(extras->location_flags);
	free(extras);
	return NULL;
}

int profile_extras_add_values(struct profile_extras *extras, const int64_t *values)
{
	int r = array_reserve((void **)&extras->values, &extras->value_capacity,
			      extras->n_values + extras->n_types, sizeof(*extras->values));

	if (r < 0)
		return r;
	for (size_t i = 0; i < extras->n_types; i++)
		extras->values[extras->n_values++] = values[i];
	return 0;
}

int profile_extras_add_number(struct profile_extras *extras, const struct profile_number *number)
{
	int r = array_reserve((void **)&extras->numbers, &extras->number_capacity,
			      extras->n_numbers + 1, sizeof(*extras->numbers));

	if (r == 0)
		extras->numbers[extras->n_numbers++] = *number;
	return r;
}

int profile_extras_add_location_flags(struct profile_extras *extras, unsigned int flags)
{
	int r = array_reserve((void **)&extras->location_flags, &extras->flag_capacity,
			      extras->n_location_flags + 1, sizeof(*extras->location_flags));

	if (r == 0)
		extras->location_flags[extras->n_location_flags++] = (uint8_t)flags;
	return r;
}
