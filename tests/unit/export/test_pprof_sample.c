/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "export/pprof.pb-c.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"

enum { MOST = 200 };

/* As protobuf-c makes it of a profile that has a sample with this stack and these values alone. */
static void expect_as_protobuf_c_has_it(const uint32_t *frames, size_t n_frames,
					const int64_t *sample_values, size_t n_values)
{
	static uint64_t ids[MOST];
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Sample packed = PPROF__SAMPLE__INIT, *pointer = &packed;
	int64_t values[MOST];
	struct pprof_sample sample = { .values = sample_values, .n_values = n_values };
	struct buffer stack = { 0 }, bytes = { 0 };
	uint8_t *expected;
	size_t size;

	for (size_t i = 0; i < n_frames; i++)
		ids[i] = frames[i] + 1UL;
	if (n_values)
		memcpy(values, sample_values, n_values * sizeof(*values));
	packed.location_id = ids;
	packed.n_location_id = n_frames;
	packed.value = values;
	packed.n_value = n_values;
	profile.sample = &pointer;
	profile.n_sample = 1;
	size = pprof__profile__get_packed_size(&profile);
	expected = malloc(size);
	pprof__profile__pack(&profile, expected);
	pprof_stack_append(&stack, frames, n_frames);
	sample.stack = stack.data;
	sample.n_stack_bytes = stack.size;
	pprof_sample_append(&bytes, &sample);
	assert_int_equal(buffer_error(&bytes), 0);
	assert_int_equal(bytes.size, size);
	assert_memory_equal(bytes.data, expected, size);
	buffer_fini(&bytes);
	buffer_fini(&stack);
	free(expected);
}

static void is_what_protobuf_c_writes(void **state)
{
	static const uint32_t frames[] = { 0, 126, 127, 16382, 16383, UINT32_MAX };
	static const int64_t values[] = { 1, 0, -1, 127, 128, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t n_frames = 0; n_frames <= ARRAY_SIZE(frames); n_frames++)
		for (size_t n_values = 0; n_values <= ARRAY_SIZE(values); n_values++)
			expect_as_protobuf_c_has_it(frames, n_frames, values, n_values);
}

static void may_be_longer_than_one_byte_can_say(void **state)
{
	static uint32_t frames[MOST];
	static const int64_t values[] = { 1, 10000000 };

	(void)state;
	for (uint32_t i = 0; i < MOST; i++) {
		frames[i] = i * 7919;
		expect_as_protobuf_c_has_it(frames, i + 1UL, values, ARRAY_SIZE(values));
	}
}

static void ends_with_the_labels_that_were_written_before(void **state)
{
	static const int64_t values[] = { 1 };
	Pprof__Label label = PPROF__LABEL__INIT, *label_pointer = &label;
	Pprof__Sample labels = PPROF__SAMPLE__INIT;
	struct pprof_sample sample = { .values = values, .n_values = 1 };
	struct buffer bytes = { 0 };
	uint8_t written[16];
	Pprof__Profile *profile;

	(void)state;
	label.key = 5;
	label.str = 6;
	labels.label = &label_pointer;
	labels.n_label = 1;
	sample.labels = written;
	sample.n_label_bytes = pprof__sample__pack(&labels, written);
	pprof_sample_append(&bytes, &sample);
	profile = pprof__profile__unpack(NULL, bytes.size, (const uint8_t *)bytes.data);
	assert_non_null(profile);
	assert_int_equal(profile->n_sample, 1);
	assert_int_equal(profile->sample[0]->n_label, 1);
	assert_int_equal(profile->sample[0]->label[0]->key, 5);
	assert_int_equal(profile->sample[0]->label[0]->str, 6);
	assert_int_equal(profile->sample[0]->value[0], 1);
	pprof__profile__free_unpacked(profile, NULL);
	buffer_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_protobuf_c_writes),
		cmocka_unit_test(may_be_longer_than_one_byte_can_say),
		cmocka_unit_test(ends_with_the_labels_that_were_written_before),
	};

	return cmocka_run_group_tests_name("pprof_sample", tests, NULL, NULL);
}
