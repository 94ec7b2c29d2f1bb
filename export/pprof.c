/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof.h"

#include <assert.h>
#include <errno.h>

#include "export/gzip.h"
#include "export/pprof.pb-c.h"
#include "export/pprof_message.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile_extras.h"

static int64_t clamp_to_int64(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int64_t signed_of(const struct profile_sample *sample, uint64_t value)
{
	return sample->is_base ? -clamp_to_int64(value) : clamp_to_int64(value);
}

static void set_values(const struct pprof_message *pprof, size_t sample_i, int64_t *values)
{
	const struct profile_sample *sample = &pprof->profile->samples[sample_i];
	const struct profile_extras *extras = pprof->profile->extras;

	if (extras) {
		for (size_t i = 0; i < pprof->n_values; i++)
			values[i] = extras->values[sample_i * pprof->n_values + i];
		return;
	}
	values[0] = signed_of(sample, sample->count);
	values[1] = signed_of(sample, sample->value);
}

static int add_samples(struct pprof_message *pprof)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile *message = pprof->message;
	size_t n_values = profile->n_samples * pprof->n_values;
	Pprof__Sample *samples =
		pprof_message_take(pprof, profile->n_samples, sizeof(Pprof__Sample));
	int64_t *values = pprof_message_take(pprof, n_values, sizeof(int64_t));

	message->sample = pprof_message_take(pprof, profile->n_samples, sizeof(*message->sample));
	if (!samples || !values || !message->sample)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		if (!profile->extras && !sample->count && !sample->value)
			continue;
		pprof__sample__init(&samples[i]);
		samples[i].value = &values[i * pprof->n_values];
		samples[i].n_value = pprof->n_values;
		set_values(pprof, i, samples[i].value);
		pprof_message_set_stack(pprof, sample->stack, &samples[i]);
		samples[i].label = &pprof->labels[pprof->first_labels[sample->label_set]];
		samples[i].n_label = pprof->n_labels[sample->label_set];
		message->sample[message->n_sample++] = &samples[i];
	}
	return 0;
}

static int build(const struct profile *profile, struct pprof_message *ret_message)
{
	int r = pprof_message_init(profile, false, ret_message);

	return r < 0 ? r : add_samples(ret_message);
}

int pprof_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(pprof_message_fini) struct pprof_message pprof = { 0 };
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	int r;

	r = build(profile, &pprof);
	if (r == 0)
		r = pprof_message_pack(pprof.message, &bytes);
	return r < 0 ? r : gzip_append(out, bytes.data, bytes.size);
}

/* Of each sample's values only number @value_i stays. */
static void narrow(Pprof__Profile *message, size_t value_i)
{
	message->sample_type += value_i;
	message->n_sample_type = 1;
	message->default_sample_type = message->sample_type[0]->type;
	for (size_t i = 0; i < message->n_sample; i++) {
		message->sample[i]->value += value_i;
		message->sample[i]->n_value = 1;
	}
}

int pprof_build(const struct profile *profile, enum profile_weight weight,
		const struct pprof_callback *callback)
{
	_cleanup_(pprof_message_fini) struct pprof_message pprof = { 0 };
	int r;

	assert(!profile->extras);
	r = build(profile, &pprof);
	if (r < 0)
		return r;
	narrow(pprof.message, weight == PROFILE_COUNT ? 0 : 1);
	return callback->on_message(callback->context, &pprof.message->base);
}
