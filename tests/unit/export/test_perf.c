/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/perf.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static size_t count_events(const struct buffer *text)
{
	size_t n_events = 0;

	for (size_t i = 0; i + 1 < text->size; i++)
		n_events += text->data[i] == '\n' && text->data[i + 1] == '\n';
	return n_events;
}

static void has_an_event_for_each_sample(void **state)
{
	_cleanup_(profile_freep) struct profile *timed = known_profile_new_timed();
	_cleanup_(profile_freep) struct profile *merged = known_profile_new();
	_cleanup_(buffer_fini) struct buffer timed_text = { 0 };
	_cleanup_(buffer_fini) struct buffer merged_text = { 0 };

	(void)state;
	assert_int_equal(perf_encode(timed, &timed_text), 0);
	assert_int_equal(count_events(&timed_text), 61);
	assert_int_equal(perf_encode(merged, &merged_text), 0);
	assert_int_equal(count_events(&merged_text), 61);
}

static void says_what_is_missing(void **state)
{
	static const char expected[] = "# without the last 17 samples\n";
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	profile->n_untimed = 17;
	assert_int_equal(perf_encode(profile, &text), 0);
	assert_memory_equal(text.data, expected, sizeof(expected) - 1);
}

static void an_endless_count_ends_at_the_limit(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { .limit = 100000 };

	(void)state;
	profile->samples[0].count = UINT64_MAX;
	assert_int_equal(perf_encode(profile, &text), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_an_event_for_each_sample),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(an_endless_count_ends_at_the_limit),
	};

	return cmocka_run_group_tests_name("perf", tests, NULL, NULL);
}
