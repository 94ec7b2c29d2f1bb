/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/speedscope.h"
#include "import/speedscope_reader.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"
#include "reading.h"

DEFINE_CLEANUP(struct profile *, profile_free)

#define FRAMES                                                                                     \
	"\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\",\"file\":\"b.c\",\"line\":7}]}"
#define SAMPLED(unit, samples, weights)                                                            \
	"{" FRAMES ",\"profiles\":[{\"type\":\"sampled\",\"name\":\"t\",\"unit\":\"" unit          \
	"\",\"startValue\":0,\"endValue\":9,\"samples\":" samples ",\"weights\":" weights "}]}"
#define EVENTED(events)                                                                            \
	"{" FRAMES                                                                                 \
	",\"profiles\":[{\"type\":\"evented\",\"name\":\"t\",\"unit\":\"milliseconds\","           \
	"\"startValue\":0,\"endValue\":9,\"events\":" events "}]}"
#define EVENT(type, frame, at) "{\"type\":\"" type "\",\"frame\":" frame ",\"at\":" at "}"

static void counts_weights_in_the_smallest_one(void **state)
{
	(void)state;
	assert_folded(speedscope_read,
		      SAMPLED("milliseconds", "[[0],[],[0,1],[0]]", "[10,7,30,10]"),
		      "t;a 2\nt;a;b 3\n");
}

static void what_was_open_between_events_is_a_sample(void **state)
{
	static const char text[] =
		EVENTED("[" EVENT("O", "0", "0") "," EVENT("O", "1", "2") "," EVENT(
			"C", "1", "6") "," EVENT("C", "0",
						 "8") "," EVENT("O", "1",
								"20") "," EVENT("C", "1",
										"22") "]");
	_cleanup_(profile_freep) struct profile *profile = reading_of(speedscope_read, text);

	(void)state;
	assert_folded(speedscope_read, text, "t;a 2\nt;a;b 2\nt;b 1\n");
	assert_int_equal(profile->n_moments, 4);
	assert_int_equal(profile->moments[3].time_unix_ns, 22000000);
	assert_int_equal(profile->moments[3].value, 2000000);
	assert_int_equal(profile->period_ns, 2000000);
	assert_null(profile->extras);
}

static void weights_without_a_unit_are_counts(void **state)
{
	_cleanup_(profile_freep) struct profile *profile =
		reading_of(speedscope_read, SAMPLED("none", "[[0]]", "[3]"));

	(void)state;
	assert_string_equal(profile_value_unit(profile), "count");
}

static void what_we_wrote_comes_out_the_same(void **state)
{
	_cleanup_(profile_freep) struct profile *known = known_profile_new_timed();
	_cleanup_(profile_freep) struct profile *read = NULL;
	_cleanup_(buffer_fini) struct buffer first = { 0 };
	_cleanup_(buffer_fini) struct buffer second = { 0 };

	(void)state;
	assert_int_equal(speedscope_encode(known, &first), 0);
	buffer_append_char(&first, '\0');
	read = reading_of(speedscope_read, first.data);
	assert_int_equal(read->n_moments, known->n_moments);
	for (size_t i = 0; i < known->n_moments; i++)
		assert_int_equal(read->moments[i].time_unix_ns,
				 known->moments[i].time_unix_ns - known->start_unix_ns);
	assert_int_equal(speedscope_encode(read, &second), 0);
	assert_int_equal(second.size > 0, 1);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_complaint(speedscope_read,
			 "{\n\"a\":", "line 2, column 4: unexpected token near end of file");
	assert_complaint(speedscope_read, "{}",
			 "this is JSON, but not speedscope's: there is no array shared.frames");
	assert_complaint(speedscope_read, SAMPLED("none", "[[2]]", "[1]"), "there is no frame 2");
	assert_complaint(speedscope_read, SAMPLED("none", "[[0]]", "[]"),
			 "a profile has not as many weights as samples");
	assert_complaint(speedscope_read, SAMPLED("fortnights", "[]", "[]"),
			 "a profile has no unit that is known");
	assert_complaint(speedscope_read,
			 EVENTED("[" EVENT("O", "0", "0") "," EVENT("C", "1", "1") "]"),
			 "frame 1 closes, but is not the last one that opened");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_weights_in_the_smallest_one),
		cmocka_unit_test(what_was_open_between_events_is_a_sample),
		cmocka_unit_test(weights_without_a_unit_are_counts),
		cmocka_unit_test(what_we_wrote_comes_out_the_same),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests_name("speedscope_reader", tests, NULL, NULL);
}
