/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/timeline.h"
#include "known_profile.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void puts_the_busiest_thread_first(void **state)
{
	const char *const tids[] = { "17", "18", "66", "" };
	const size_t counts[] = { 40, 17, 3, 1 };
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };

	(void)state;
	assert_int_equal(timeline_init(profile, &timeline), 0);
	assert_true(timeline.has_times);
	assert_int_equal(timeline.n_threads, ARRAY_SIZE(tids));
	for (size_t i = 0; i < ARRAY_SIZE(tids); i++) {
		assert_string_equal(timeline.threads[i].tid, tids[i]);
		assert_int_equal(timeline.threads[i].n_moments, counts[i]);
		assert_int_equal(timeline.threads[i].value, counts[i] * 10000000);
	}
}

static void keeps_each_moment_once_and_in_order_of_time(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	bool seen[64] = { false };

	(void)state;
	assert_int_equal(timeline_init(profile, &timeline), 0);
	for (size_t t = 0; t < timeline.n_threads; t++) {
		const struct timeline_thread *thread = &timeline.threads[t];
		int64_t last = 0;

		for (size_t i = 0; i < thread->n_moments; i++) {
			uint32_t at = timeline.order[thread->first + i];
			const struct profile_moment *moment = &timeline.moments[at];

			assert_false(seen[at]);
			seen[at] = true;
			assert_int_equal(timeline.thread_of[moment->label_set], t);
			assert_true(moment->time_unix_ns > last);
			last = moment->time_unix_ns;
		}
	}
	for (size_t i = 0; i < timeline.n_moments; i++)
		assert_true(seen[i]);
}

static void label_sets_of_one_thread_are_one_thread(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	struct profile_label labels[3];
	uint32_t label_set;

	(void)state;
	memcpy(labels, &profile->labels[profile->label_sets[0].first_label], sizeof(labels));
	assert_int_equal(string_table_add(profile->strings, "/another", &labels[1].value), 0);
	assert_int_equal(profile_add_label_set(profile, labels, 3, &label_set), 0);
	profile->moments[0].label_set = label_set;
	assert_int_equal(timeline_init(profile, &timeline), 0);
	assert_int_equal(timeline.n_threads, 4);
	assert_int_equal(timeline.threads[0].n_moments, 40);
	assert_int_equal(timeline.thread_of[label_set], 0);
}

static void without_times_each_sample_is_a_moment(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	uint64_t count = 0;

	(void)state;
	assert_int_equal(timeline_init(profile, &timeline), 0);
	assert_false(timeline.has_times);
	assert_int_equal(timeline.n_moments, 8);
	for (size_t i = 0; i < timeline.n_moments; i++) {
		assert_int_equal(timeline.moments[i].time_unix_ns, profile->start_unix_ns);
		count += timeline.moments[i].count;
	}
	assert_int_equal(count, 61);
}

static void begins_with_the_profile_or_with_its_first_moment(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	const int64_t first_unix_ns = profile->moments[0].time_unix_ns;
	const int64_t starts[][2] = {
		{ first_unix_ns - 5, first_unix_ns - 5 },
		{ first_unix_ns + 1, first_unix_ns },
		{ 0, first_unix_ns },
		{ INT64_MIN, first_unix_ns },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		_cleanup_(timeline_fini) struct timeline timeline = { 0 };

		profile->start_unix_ns = starts[i][0];
		assert_int_equal(timeline_init(profile, &timeline), 0);
		assert_int_equal(timeline.start_unix_ns, starts[i][1]);
	}
}

static void tells_what_times_lack(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_timed();
	_cleanup_(timeline_fini) struct timeline whole = { 0 }, lacking = { 0 };
	_cleanup_(buffer_fini) struct buffer words = { 0 };

	(void)state;
	assert_int_equal(timeline_init(profile, &whole), 0);
	timeline_append_lacks(&whole, "<", ">", &words);
	assert_int_equal(words.size, 0);
	profile->n_untimed = 17;
	profile->moments[3].is_coarse = true;
	profile->moments[5].is_coarse = true;
	profile->moments[5].count = 40;
	assert_int_equal(timeline_init(profile, &lacking), 0);
	timeline_append_lacks(&lacking, "<", ">", &words);
	buffer_append_char(&words, '\0');
	assert_string_equal(words.data, "<without the last 17 samples>"
					"<41 samples in the middle of their second>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_the_busiest_thread_first),
		cmocka_unit_test(keeps_each_moment_once_and_in_order_of_time),
		cmocka_unit_test(label_sets_of_one_thread_are_one_thread),
		cmocka_unit_test(without_times_each_sample_is_a_moment),
		cmocka_unit_test(begins_with_the_profile_or_with_its_first_moment),
		cmocka_unit_test(tells_what_times_lack),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
