/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "export/pprof.h"
#include "export/pprof.pb-c.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

#define MOST_BYTES (8 << 20)

DEFINE_CLEANUP(struct profile *, profile_free)

static void free_message(Pprof__Profile **message)
{
	pprof__profile__free_unpacked(*message, NULL);
}

static Pprof__Profile *encode_and_decode(const struct profile *profile)
{
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	_cleanup_(freep) unsigned char *bytes = malloc(MOST_BYTES);
	Pprof__Profile *message;
	z_stream stream = { 0 };

	assert_int_equal(pprof_encode(profile, &out), 0);
	stream.next_in = (unsigned char *)out.data;
	stream.avail_in = (uInt)out.size;
	stream.next_out = bytes;
	stream.avail_out = MOST_BYTES;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	message = pprof__profile__unpack(NULL, stream.total_out, bytes);
	inflateEnd(&stream);
	assert_non_null(message);
	return message;
}

static void describes_a_profile_without_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(free_message) Pprof__Profile *message = NULL;

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	message = encode_and_decode(profile);
	assert_int_equal(message->n_sample, 0);
	assert_int_equal(message->n_sample_type, 2);
	assert_string_equal(message->string_table[0], "");
	assert_string_equal(message->string_table[message->default_sample_type], "cpu");
}

static void has_each_string_once(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(free_message) Pprof__Profile *message = NULL;
	uint32_t string;

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(string_table_add(profile->strings, "cpu", &string), 0);
	message = encode_and_decode(profile);
	assert_int_equal(message->n_string_table, 5);
	assert_int_equal(message->default_sample_type, string);
}

static void keeps_every_sample_but_those_of_nothing(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(free_message) Pprof__Profile *message = encode_and_decode(profile);
	int64_t count = 0;

	(void)state;
	assert_int_equal(message->n_sample, profile->n_samples - 1);
	for (size_t i = 0; i < message->n_sample; i++)
		count += message->sample[i]->value[0];
	assert_int_equal(count, 61);
}

static void leaves_out_labels_without_a_value(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(free_message) Pprof__Profile *message = encode_and_decode(profile);

	(void)state;
	assert_int_equal(message->sample[0]->n_label, 3);
	assert_int_equal(message->sample[6]->n_label, 0);
}

static void puts_the_main_mapping_first(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(free_message) Pprof__Profile *message = encode_and_decode(profile);

	(void)state;
	for (size_t i = 0; i < message->n_mapping; i++)
		assert_int_equal(message->mapping[i]->id, i + 1);
	assert_int_equal(message->mapping[0]->memory_start, 0x400000);
	for (size_t i = 0; i < message->n_location; i++) {
		const Pprof__Location *location = message->location[i];

		if (!location->mapping_id)
			continue;
		assert_true(message->mapping[location->mapping_id - 1]->memory_start <=
			    location->address);
		assert_true(message->mapping[location->mapping_id - 1]->memory_limit >
			    location->address);
	}
}

static void does_not_wrap_values_around(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(free_message) Pprof__Profile *message = NULL;

	(void)state;
	profile->samples[0].value = UINT64_MAX;
	message = encode_and_decode(profile);
	assert_true(message->sample[0]->value[1] == INT64_MAX);
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { .limit = 100 };

	(void)state;
	assert_int_equal(pprof_encode(profile, &out), -EFBIG);
}

static int expect_one_value(void *expected, const ProtobufCMessage *base)
{
	const Pprof__Profile *message = (const Pprof__Profile *)base;
	int64_t sum = 0;

	assert_int_equal(message->n_sample_type, 1);
	for (size_t i = 0; i < message->n_sample; i++) {
		assert_int_equal(message->sample[i]->n_value, 1);
		sum += message->sample[i]->value[0];
	}
	assert_int_equal(sum, *(const int64_t *)expected);
	return -EINTR;
}

static void hands_over_a_message_of_one_value(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	int64_t count = 61, value = 610000000;
	const struct pprof_callback of_count = { expect_one_value, &count };
	const struct pprof_callback of_value = { expect_one_value, &value };

	(void)state;
	assert_int_equal(pprof_build(profile, PROFILE_COUNT, &of_count), -EINTR);
	assert_int_equal(pprof_build(profile, PROFILE_VALUE, &of_value), -EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_a_profile_without_samples),
		cmocka_unit_test(has_each_string_once),
		cmocka_unit_test(keeps_every_sample_but_those_of_nothing),
		cmocka_unit_test(leaves_out_labels_without_a_value),
		cmocka_unit_test(puts_the_main_mapping_first),
		cmocka_unit_test(does_not_wrap_values_around),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
		cmocka_unit_test(hands_over_a_message_of_one_value),
	};

	return cmocka_run_group_tests_name("pprof", tests, NULL, NULL);
}
