/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/perf.h"
#include "export/pprof.h"
#include "export/speedscope.h"
#include "import/complaint.h"
#include "export/gzip.h"
#include "import/pprof_reader.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"
#include "reading.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* Small messages by hand: numbers and lengths below 128. */
#define TEXT(s) "\x32" s
#define TYPE    "\x0a\x04\x08\x01\x10\x02"
#define STRINGS                                                                                    \
	TEXT("\x00")                                                                               \
	TEXT("\x07samples")                                                                        \
	TEXT("\x05"                                                                                \
	     "count")                                                                              \
	TEXT("\x01k") TEXT("\x01v")

static struct profile *read_bytes(const char *bytes, size_t size)
{
	struct complaint complaint = { "" };
	struct profile *profile = NULL;

	if (pprof_read(bytes, size, &profile, &complaint) < 0)
		fail_msg("it is refused: %s", complaint.text);
	return profile;
}

static void assert_refused(const char *bytes, size_t size, const char *expected)
{
	struct complaint complaint = { "" };
	struct profile *profile = NULL;

	assert_int_equal(pprof_read(bytes, size, &profile, &complaint), -EBADMSG);
	assert_string_equal(complaint.text, expected);
}

static void what_we_wrote_comes_out_the_same(void **state)
{
	_cleanup_(profile_freep) struct profile *known = known_profile_new();
	_cleanup_(profile_freep) struct profile *read = NULL;
	_cleanup_(buffer_fini) struct buffer first = { 0 };
	_cleanup_(buffer_fini) struct buffer message = { 0 };

	(void)state;
	assert_int_equal(pprof_encode(known, &first), 0);
	assert_int_equal(gzip_expand(first.data, first.size, &message), 0);
	read = read_bytes(message.data, message.size);
	assert_int_equal(read->n_samples, 8); /* one of them has no count, and is not written */
	assert_int_equal(read->n_mappings, known->n_mappings);
	assert_int_equal(read->n_locations, known->n_locations);
	assert_int_equal(read->n_functions, known->n_functions);
	assert_int_equal(read->start_unix_ns, known->start_unix_ns);
	assert_int_equal(read->duration_ns, known->duration_ns);
	assert_int_equal(read->period_ns, known->period_ns);
	assert_int_equal(read->samples[0].count, 20);
	assert_int_equal(read->samples[0].value, 200000000);
	assert_int_equal(read->extras->n_types, 2);
	assert_int_equal(read->extras->default_type, 1);
	assert_true(read->extras->says_default);
	assert_string_equal(string_table_get(read->strings, read->comments[0]), "made by hand");
}

static void assert_encoded_alike(int (*encode)(const struct profile *profile, struct buffer *out),
				 const struct profile *one, const struct profile *other)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 }, other_text = { 0 };

	assert_int_equal(encode(one, &text), 0);
	assert_int_equal(encode(other, &other_text), 0);
	assert_int_equal(text.size, other_text.size);
	assert_memory_equal(text.data, other_text.data, text.size);
}

static void times_of_samples_are_read(void **state)
{
	_cleanup_(profile_freep) struct profile *known = known_profile_new_timed();
	_cleanup_(profile_freep) struct profile *read = NULL;
	_cleanup_(buffer_fini) struct buffer file = { 0 }, message = { 0 };

	(void)state;
	known->moments[3].is_coarse = true;
	known->moments[3].cpu = 0;
	for (size_t i = 0; i < known->n_locations; i++)
		known->locations[i].function_off = 0; /* pprof does not have it */
	assert_int_equal(pprof_encode_moments(known, &file), 0);
	assert_int_equal(gzip_expand(file.data, file.size, &message), 0);
	read = read_bytes(message.data, message.size);
	assert_int_equal(read->n_moments, known->n_moments);
	for (size_t i = 0; i < read->n_moments; i++)
		assert_int_equal(read->moments[i].is_coarse, i == 3);
	assert_encoded_alike(perf_encode, read, known);
	assert_encoded_alike(speedscope_encode, read, known);
}

/* sample { value 1, label { key, num 42 } }, of which one or both have a time. */
#define SAMPLE_WITH(key) "\x12\x08\x10\x01\x1a\x04\x08" key "\x18\x2a"

static void times_that_not_all_samples_have_are_no_times(void **state)
{
	static const char both[] =
		TYPE STRINGS TEXT("\x10"
				  "end_timestamp_ns") SAMPLE_WITH("\x05") SAMPLE_WITH("\x05");
	static const char one[] =
		TYPE STRINGS TEXT("\x10"
				  "end_timestamp_ns") SAMPLE_WITH("\x05") SAMPLE_WITH("\x03");
	_cleanup_(profile_freep) struct profile *timed = read_bytes(both, sizeof(both) - 1);
	_cleanup_(profile_freep) struct profile *untimed = read_bytes(one, sizeof(one) - 1);

	(void)state;
	assert_int_equal(timed->n_moments, 2);
	assert_int_equal(timed->moments[0].time_unix_ns, 42);
	assert_int_equal(untimed->n_samples, 2);
	assert_int_equal(untimed->n_moments, 0);
	assert_int_equal(untimed->n_untimed, 0);
	assert_int_equal(timed->n_comments, 0);
	assert_int_equal(untimed->n_comments, 1);
	assert_string_equal(string_table_get(untimed->strings, untimed->comments[0]),
			    "left out: when samples were taken, since 1 of 2 do not say so");
}

static void fields_may_come_in_any_order(void **state)
{
	/* sample { location 1, value 5 }, location { id 1, address 16 }, then what they refer to */
	static const char bytes[] = "\x12\x04\x08\x01\x10\x05"
				    "\x22\x04\x08\x01\x18\x10" TYPE STRINGS;
	_cleanup_(profile_freep) struct profile *profile = read_bytes(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_int_equal(profile->n_samples, 1);
	assert_int_equal(profile->samples[0].count, 5);
	assert_int_equal(profile->extras->location_flags[0], PROFILE_LOCATION_NAMELESS);
	assert_string_equal(string_table_get(profile->strings, profile->functions[0].name), "0x10");
}

static void labels_with_numbers_are_kept(void **state)
{
	/* sample { value 1, label { key k, num 42 }, label { key k, str v } } */
	static const char bytes[] = TYPE STRINGS "\x12\x0e\x10\x01"
						 "\x1a\x04\x08\x03\x18\x2a"
						 "\x1a\x04\x08\x03\x10\x04";
	_cleanup_(profile_freep) struct profile *profile = read_bytes(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_int_equal(profile->extras->n_numbers, 1);
	assert_int_equal(profile->extras->numbers[0].value, 42);
	assert_string_equal(profile_label_text(profile, 0, "k"), "v");
}

static void says_which_byte_cannot_be_read(void **state)
{
	static const char no_location[] = TYPE STRINGS "\x12\x04\x08\x07\x10\x01";
	static const char no_string[] = "\x0a\x04\x08\x09\x10\x02" STRINGS;
	static const char two_of_one_id[] = TYPE STRINGS "\x2a\x02\x08\x01\x2a\x02\x08\x01";
	static const char no_values[] = TYPE STRINGS "\x12\x00";
	static const char no_types[] = "\x32\x00";

	(void)state;
	assert_refused(no_location, sizeof(no_location) - 1, "there is no location 7 at byte 30");
	assert_refused(no_string, sizeof(no_string) - 1, "there is no string 9 at byte 0");
	assert_refused(two_of_one_id, sizeof(two_of_one_id) - 1,
		       "there are two of id 1 at byte 34");
	assert_refused(no_values, sizeof(no_values) - 1,
		       "a sample has too few values: 0 at byte 30");
	assert_refused(no_types, sizeof(no_types) - 1, "it says nothing of what its samples count");
	assert_refused("\x12\x7f", 2, "it is no pprof, or ends early");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_wrote_comes_out_the_same),
		cmocka_unit_test(times_of_samples_are_read),
		cmocka_unit_test(times_that_not_all_samples_have_are_no_times),
		cmocka_unit_test(fields_may_come_in_any_order),
		cmocka_unit_test(labels_with_numbers_are_kept),
		cmocka_unit_test(says_which_byte_cannot_be_read),
	};

	return cmocka_run_group_tests_name("pprof_reader", tests, NULL, NULL);
}
