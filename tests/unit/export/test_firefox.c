/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/firefox.h"
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

static void without_times_samples_follow_one_another(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(firefox_encode(profile, &text), 0);
	assert_holds(&text, "\"time\":[200.000000,350.000000,400.000000],"
			    "\"weight\":[20,15,5],");
}

static void says_what_is_missing(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	profile->n_untimed = 17;
	assert_int_equal(firefox_encode(profile, &text), 0);
	assert_holds(&text, "\"product\":\"Pilotlight, without the last 17 samples\"");
}

static void writes_a_file_without_threads_for_no_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(firefox_encode(profile, &text), 0);
	assert_holds(&text, "\"threads\":[]");
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { .limit = 3000 };

	(void)state;
	assert_int_equal(firefox_encode(profile, &text), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_times_samples_follow_one_another),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(writes_a_file_without_threads_for_no_samples),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("firefox", tests, NULL, NULL);
}
