/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/speedscope.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void assert_holds(struct buffer *text, const char *part)
{
	buffer_append_char(text, '\0');
	assert_non_null(strstr(text->data, part));
	text->size--;
}

static void joins_bars_that_only_jitter_parts(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	profile->n_moments = 3;
	for (size_t i = 0; i < 3; i++) {
		profile->moments[i].label_set = 0;
		profile->moments[i].time_unix_ns = profile->start_unix_ns + 10000000;
	}
	profile->moments[1].time_unix_ns += 10000000 + 4999999; /* less than half a tick late */
	profile->moments[2].time_unix_ns += 20000000 + 5000001;
	assert_int_equal(speedscope_encode(profile, &text), 0);
	assert_holds(&text, "\"weights\":[10000000,10000000,5000001,10000000]");
}

static void says_what_is_missing(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	profile->n_untimed = 17;
	assert_int_equal(speedscope_encode(profile, &text), 0);
	assert_holds(&text, "\"name\":\"CPU profile, without the last 17 samples\"");
}

static void writes_a_file_without_profiles_for_no_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(speedscope_encode(profile, &text), 0);
	assert_holds(&text, "\"profiles\":[]");
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { .limit = 600 };

	(void)state;
	assert_int_equal(speedscope_encode(profile, &text), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_bars_that_only_jitter_parts),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(writes_a_file_without_profiles_for_no_samples),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("speedscope", tests, NULL, NULL);
}
