/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "export/gzip.h"
#include "export/pprof.pb-c.h"
#include "export/pprof_message.h"
#include "export/pprof_sample.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/profile_extras.h"

/* What moments may take before they are compressed: nothing of each is shared but its strings. */
#define EXPANDED_MAX (256UL << 20)

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

/* Readers refuse a sample that is all zero; of one that was read from elsewhere nothing is known.
 */
static bool is_nothing(const struct profile *profile, const struct profile_sample *sample)
{
	return !profile->extras && !sample->count && !sample->value;
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

		if (is_nothing(profile, sample))
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

	if (r == 0)
		r = pprof_message_number_stacks(ret_message);
	return r < 0 ? r : add_samples(ret_message);
}

/* The labels of each label set, written: those of number i end at @ends[i + 1]. */
static void pack_labels(const struct pprof_message *pprof, struct buffer *out, size_t *ends)
{
	Pprof__Sample labels = PPROF__SAMPLE__INIT;
	uint8_t *bytes;

	ends[0] = 0;
	for (size_t i = 0; i < pprof->profile->n_label_sets; i++) {
		labels.label = &pprof->labels[pprof->first_labels[i]];
		labels.n_label = pprof->n_labels[i];
		bytes = buffer_append_zeros(out, pprof__sample__get_packed_size(&labels));
		if (bytes)
			pprof__sample__pack(&labels, bytes);
		ends[i + 1] = out->size;
	}
}

/* The stack of a sample, written, unless it is that of the sample before. */
static void pack_stack(const struct profile *profile, size_t sample_i, struct buffer *packed)
{
	const struct profile_sample *sample = &profile->samples[sample_i];
	const struct profile_stack *stack = &profile->stacks[sample->stack];

	if (sample_i && sample[-1].stack == sample->stack)
		return;
	packed->size = 0;
	pprof_stack_append(packed, &profile->frames[stack->first_frame], stack->n_frames);
}

/* Messages that follow one another are one: repeated fields go on. */
static int append_samples(const struct pprof_message *pprof, struct buffer *out)
{
	const struct profile *profile = pprof->profile;
	_cleanup_(buffer_fini) struct buffer labels = { 0 }, stack = { 0 };
	_cleanup_(freep) size_t *ends = calloc(profile->n_label_sets + 1, sizeof(*ends));
	_cleanup_(freep) int64_t *values = calloc(pprof->n_values + 1, sizeof(*values));

	if (!ends || !values)
		return -ENOMEM;
	pack_labels(pprof, &labels, ends);
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		size_t first = ends[sample->label_set];
		struct pprof_sample written = {
			.values = values,
			.n_values = pprof->n_values,
			.labels = labels.data ? labels.data + first : NULL,
			.n_label_bytes = ends[sample->label_set + 1] - first,
		};

		pack_stack(profile, i, &stack);
		if (is_nothing(profile, sample))
			continue;
		written.stack = stack.data;
		written.n_stack_bytes = stack.size;
		set_values(pprof, i, values);
		pprof_sample_append(out, &written);
	}
	if (buffer_error(&labels) || buffer_error(&stack))
		return -ENOMEM;
	return buffer_error(out);
}

int pprof_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(pprof_message_fini) struct pprof_message pprof = { 0 };
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	int r;

	r = pprof_message_init(profile, false, &pprof);
	if (r == 0)
		r = pprof_message_pack(pprof.message, &bytes);
	if (r == 0)
		r = append_samples(&pprof, &bytes);
	return r < 0 ? r : gzip_append(out, bytes.data, bytes.size);
}

/* A moment's own labels, after those of its label set. Each has a unit: readers take a number 0
 * without one for none. */
enum own_label { OWN_TIME, OWN_CPU, OWN_PRECISION, OWN_LABEL_COUNT };

/* One sample at a time: what it is made of, used again for each. */
struct moment_sample {
	Pprof__Sample sample;
	Pprof__Sample *samples[1];
	int64_t values[2];
	Pprof__Label own_labels[OWN_LABEL_COUNT];
	Pprof__Label **labels; /* room for those of any label set, and its own */
};

static int moment_sample_init(struct pprof_message *pprof, struct moment_sample *ret_sample)
{
	const uint32_t *strings = pprof->own_strings;
	size_t most = 0;

	for (size_t i = 0; i < pprof->profile->n_label_sets; i++)
		most = pprof->n_labels[i] > most ? pprof->n_labels[i] : most;
	ret_sample->labels =
		pprof_message_take(pprof, most + OWN_LABEL_COUNT, sizeof(*ret_sample->labels));
	if (!ret_sample->labels)
		return -ENOMEM;
	for (int i = 0; i < OWN_LABEL_COUNT; i++) {
		pprof__label__init(&ret_sample->own_labels[i]);
		ret_sample->own_labels[i].num_unit = strings[PPROF_STRING_NANOSECONDS];
	}
	ret_sample->own_labels[OWN_TIME].key = strings[PPROF_STRING_END_TIMESTAMP];
	ret_sample->own_labels[OWN_CPU].key = strings[PPROF_STRING_CPU];
	ret_sample->own_labels[OWN_CPU].num_unit = strings[PPROF_STRING_CPU];
	ret_sample->own_labels[OWN_PRECISION].key = strings[PPROF_STRING_PRECISION];
	ret_sample->own_labels[OWN_PRECISION].num = NS_PER_SECOND;
	pprof__sample__init(&ret_sample->sample);
	ret_sample->sample.value = ret_sample->values;
	ret_sample->sample.n_value = ARRAY_SIZE(ret_sample->values);
	ret_sample->samples[0] = &ret_sample->sample;
	return 0;
}

/* Of a moment of which only the second is known, the CPU is not. */
static void set_labels(const struct pprof_message *pprof, const struct profile_moment *moment,
		       struct moment_sample *sample)
{
	size_t first = pprof->first_labels[moment->label_set];
	size_t n_labels = pprof->n_labels[moment->label_set];

	for (size_t i = 0; i < n_labels; i++)
		sample->labels[i] = pprof->labels[first + i];
	sample->own_labels[OWN_TIME].num = moment->time_unix_ns;
	sample->labels[n_labels++] = &sample->own_labels[OWN_TIME];
	sample->own_labels[OWN_CPU].num = moment->cpu;
	sample->labels[n_labels++] =
		&sample->own_labels[moment->is_coarse ? OWN_PRECISION : OWN_CPU];
	sample->sample.label = sample->labels;
	sample->sample.n_label = n_labels;
}

static int append_moments(struct pprof_message *pprof, struct buffer *out)
{
	const struct profile *profile = pprof->profile;
	Pprof__Profile message = PPROF__PROFILE__INIT;
	struct moment_sample sample;
	int r = moment_sample_init(pprof, &sample);

	message.sample = sample.samples;
	message.n_sample = 1;
	for (size_t i = 0; r == 0 && i < profile->n_moments; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		sample.values[0] = clamp_to_int64(moment->count);
		sample.values[1] = clamp_to_int64(moment->value);
		pprof_message_set_stack(pprof, moment->stack, &sample.sample);
		set_labels(pprof, moment, &sample);
		r = pprof_message_pack(&message, out);
	}
	return r;
}

int pprof_encode_moments(const struct profile *profile, struct buffer *out)
{
	_cleanup_(pprof_message_fini) struct pprof_message pprof = { 0 };
	_cleanup_(buffer_fini) struct buffer bytes = { .limit = EXPANDED_MAX };
	int r;

	assert(!profile->extras);
	r = pprof_message_init(profile, true, &pprof);
	if (r == 0)
		r = pprof_message_number_stacks(&pprof);
	if (r == 0)
		r = pprof_message_pack(pprof.message, &bytes);
	if (r == 0)
		r = append_moments(&pprof, &bytes);
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
