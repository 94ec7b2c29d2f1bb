/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_check.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "export/encoder.h"
#include "import/complaint.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

#define ENCODED_MAX (1 << 16)

DEFINE_CLEANUP(struct profile *, profile_free)

static void check_locations(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_locations; i++) {
		const struct profile_location *location = &profile->locations[i];

		assert(location->n_lines > 0);
		assert(location->first_line + (size_t)location->n_lines <= profile->n_lines);
		assert(location->mapping == PROFILE_NO_MAPPING ||
		       location->mapping < profile->n_mappings);
	}
	for (size_t i = 0; i < profile->n_lines; i++)
		assert(profile->lines[i].function < profile->n_functions);
	for (size_t i = 0; i < profile->n_frames; i++)
		assert(profile->frames[i] < profile->n_locations);
}

static void check_samples(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_samples; i++) {
		assert(profile->samples[i].stack < profile->n_stacks);
		assert(profile->samples[i].label_set < profile->n_label_sets);
	}
	for (size_t i = 0; i < profile->n_moments; i++) {
		assert(profile->moments[i].stack < profile->n_stacks);
		assert(profile->moments[i].label_set < profile->n_label_sets);
		assert(!i ||
		       profile->moments[i].time_unix_ns >= profile->moments[i - 1].time_unix_ns);
	}
	for (size_t i = 0; i < profile->n_labels; i++)
		assert(profile->labels[i].value < string_table_count(profile->strings));
}

static void check_extras(const struct profile *profile)
{
	const struct profile_extras *extras = profile->extras;

	if (!extras)
		return;
	assert(extras->n_types > 0 && extras->default_type < extras->n_types);
	assert(extras->n_values == extras->n_types * profile->n_samples);
	assert(extras->n_location_flags == profile->n_locations);
	for (size_t i = 0; i < extras->n_numbers; i++)
		assert(extras->numbers[i].label_set < profile->n_label_sets);
}

void reader_check(int (*read)(const char *bytes, size_t size, struct profile **ret_profile,
			      struct complaint *complaint),
		  const uint8_t *data, size_t size)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct complaint complaint = { "" };
	int r = read((const char *)data, size, &profile, &complaint);

	if (r < 0) {
		assert(r != -EBADMSG || complaint.text[0]);
		assert(!profile);
		return;
	}
	check_locations(profile);
	check_samples(profile);
	check_extras(profile);
	for (const struct encoder *encoder = encoders; encoder->name; encoder++) {
		_cleanup_(buffer_fini) struct buffer out = { .limit = ENCODED_MAX };
		int error = encoder->encode(profile, &out);

		assert(error == 0 || error == -EFBIG || error == -ENOMEM);
	}
}
