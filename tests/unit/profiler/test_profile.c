/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static struct profile *new_profile(void)
{
	struct profile *profile = NULL;

	assert_int_equal(profile_new(&profile), 0);
	return profile;
}

static uint32_t string(struct profile *profile, const char *text)
{
	uint32_t string;

	assert_int_equal(string_table_add(profile->strings, text, &string), 0);
	return string;
}

static void is_empty_at_first(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();

	(void)state;
	assert_int_equal(profile->n_samples, 0);
	assert_int_equal(profile->n_stacks, 0);
	assert_int_equal(string_table_count(profile->strings), 1);
}

static void a_mapping_is_the_same_when_start_and_file_and_having_names_are(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	struct profile_mapping mapping = {
		.start_addr = 0x1000,
		.limit_addr = 0x2000,
		.filename = string(profile, "/bin/a"),
	};
	uint32_t first, again, named, other;

	(void)state;
	assert_int_equal(profile_add_mapping(profile, &mapping, &first), 0);
	mapping.has_filenames = true;
	assert_int_equal(profile_add_mapping(profile, &mapping, &again), 0);
	mapping.has_functions = true;
	assert_int_equal(profile_add_mapping(profile, &mapping, &named), 0);
	mapping.filename = string(profile, "/bin/b");
	assert_int_equal(profile_add_mapping(profile, &mapping, &other), 0);
	assert_int_equal(first, 0);
	assert_int_equal(again, 0);
	assert_int_equal(named, 1);
	assert_int_equal(other, 2);
	assert_int_equal(profile->n_mappings, 3);
	assert_false(profile->mappings[0].has_filenames);
}

static void a_function_is_the_same_when_all_of_it_is(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	struct profile_function function = { .name = string(profile, "f"), .start_line = 1 };
	uint32_t first, again, other;

	(void)state;
	assert_int_equal(profile_add_function(profile, &function, &first), 0);
	assert_int_equal(profile_add_function(profile, &function, &again), 0);
	function.start_line = 2;
	assert_int_equal(profile_add_function(profile, &function, &other), 0);
	assert_int_equal(again, first);
	assert_int_not_equal(other, first);
}

static void a_location_keeps_its_first_lines(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const struct profile_line inlined[] = { { .function = 1, .line = 10 }, { .line = 20 } };
	const struct profile_location location = { .address = 0x10, .kind = FRAME_NATIVE };
	const struct profile_location other = { .address = 0x10, .kind = FRAME_KERNEL };
	uint32_t index;

	(void)state;
	assert_int_equal(profile_add_location(profile, &location, inlined, 2, &index), 0);
	assert_int_equal(profile_add_location(profile, &location, inlined, 1, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(profile_add_location(profile, &other, inlined, 1, &index), 0);
	assert_int_equal(index, 1);
	assert_int_equal(profile->n_lines, 3);
	assert_int_equal(profile->locations[0].n_lines, 2);
	assert_int_equal(profile->lines[profile->locations[0].first_line].line, 10);
	assert_int_equal(profile->locations[1].first_line, 2);
}

static void refuses_more_than_32_bits_can_number(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const uint32_t frame = 0;
	uint32_t index;

	(void)state;
	assert_int_equal(profile_add_stack(profile, &frame, (size_t)UINT32_MAX + 1, &index),
			 -ENOMEM);
	assert_int_equal(profile->n_stacks, 0);
}

static void a_stack_is_the_same_when_all_its_frames_are(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const uint32_t frames[] = { 3, 2, 1 };
	uint32_t whole, part, again, empty;

	(void)state;
	assert_int_equal(profile_add_stack(profile, frames, 3, &whole), 0);
	assert_int_equal(profile_add_stack(profile, frames, 2, &part), 0);
	assert_int_equal(profile_add_stack(profile, frames, 3, &again), 0);
	assert_int_equal(profile_add_stack(profile, NULL, 0, &empty), 0);
	assert_int_equal(again, whole);
	assert_int_not_equal(part, whole);
	assert_int_equal(profile->n_stacks, 3);
	assert_int_equal(profile->n_frames, 5);
	assert_int_equal(profile->frames[profile->stacks[part].first_frame + 1], 2);
	assert_int_equal(profile_add_stack(profile, NULL, 0, &again), 0);
	assert_int_equal(again, empty);
}

static void a_label_set_is_the_same_when_all_its_labels_are(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const struct profile_label labels[] = {
		{ string(profile, "comm"), string(profile, "a") },
		{ string(profile, "pid"), string(profile, "1") },
	};
	uint32_t both, one, again, none;

	(void)state;
	assert_int_equal(profile_add_label_set(profile, labels, 2, &both), 0);
	assert_int_equal(profile_add_label_set(profile, labels, 1, &one), 0);
	assert_int_equal(profile_add_label_set(profile, NULL, 0, &none), 0);
	assert_int_equal(profile_add_label_set(profile, labels, 2, &again), 0);
	assert_int_equal(again, both);
	assert_int_equal(profile->n_label_sets, 3);
	assert_int_equal(profile->label_sets[both].n_labels, 2);
	assert_int_equal(profile->label_sets[none].n_labels, 0);
}

static void a_sample_that_is_there_is_added_up(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	struct profile_sample sample = { .stack = 0, .label_set = 0, .count = 2, .value = 20 };

	(void)state;
	assert_int_equal(profile_add_sample(profile, &sample), 0);
	assert_int_equal(profile_add_sample(profile, &sample), 0);
	sample.label_set = 1;
	assert_int_equal(profile_add_sample(profile, &sample), 0);
	assert_int_equal(profile->n_samples, 2);
	assert_int_equal(profile->samples[0].count, 4);
	assert_int_equal(profile->samples[0].value, 40);
	assert_int_equal(profile->samples[1].count, 2);
}

static void samples_that_were_appended_are_sorted_and_added_up(void **state)
{
	static const struct profile_sample appended[] = {
		{ 2, 1, 1, 10 }, { 0, 1, 1, 10 }, { 2, 0, 1, 10 },
		{ 2, 1, 2, 20 }, { 0, 1, 4, 40 }, { 0, 0, 1, 10 },
	};
	static const struct profile_sample summed[] = {
		{ 0, 1, 5, 50 },
		{ 0, 0, 1, 10 },
		{ 2, 1, 3, 30 },
		{ 2, 0, 1, 10 },
	};
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const struct profile_label label = { 0 };
	uint32_t added;

	(void)state;
	assert_int_equal(profile_sum_samples(profile), 0);
	assert_int_equal(profile->n_samples, 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(profile_add_stack(profile, &i, 1, &added), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(profile_append_label_set(profile, &label, i), 0);
	for (size_t i = 0; i < ARRAY_SIZE(appended); i++)
		assert_int_equal(profile_append_sample(profile, &appended[i]), 0);
	assert_int_equal(profile_sum_samples(profile), 0);
	assert_int_equal(profile->n_samples, ARRAY_SIZE(summed));
	for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
		assert_int_equal(profile->samples[i].stack, summed[i].stack);
		assert_int_equal(profile->samples[i].label_set, summed[i].label_set);
		assert_int_equal(profile->samples[i].count, summed[i].count);
		assert_int_equal(profile->samples[i].value, summed[i].value);
	}
}

static void moments_are_sorted_by_time(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	const int64_t times[] = { 5, -3, 9, 0, INT64_MAX, INT64_MIN };
	const int64_t sorted[] = { INT64_MIN, -3, 0, 5, 9, INT64_MAX };

	(void)state;
	profile_sort_moments(profile);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct profile_moment moment = { .time_unix_ns = times[i], .count = 1 };

		assert_int_equal(profile_add_moment(profile, &moment), 0);
	}
	profile_sort_moments(profile);
	assert_int_equal(profile->n_moments, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_true(profile->moments[i].time_unix_ns == sorted[i]);
}

static void moments_have_a_bound_that_is_told(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();
	struct profile_moment moment = { .count = 2 };

	(void)state;
	for (size_t i = 0; i < PROFILE_MOMENTS_MAX + 5; i++)
		assert_int_equal(profile_add_moment(profile, &moment), 0);
	assert_int_equal(profile->n_moments, PROFILE_MOMENTS_MAX);
	assert_int_equal(profile->n_untimed, 10);
}

static void keeps_comments_in_order(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = new_profile();

	(void)state;
	assert_int_equal(profile_add_comment(profile, "second to none"), 0);
	assert_int_equal(profile_add_comment(profile, "first of all"), 0);
	assert_int_equal(profile->n_comments, 2);
	assert_string_equal(string_table_get(profile->strings, profile->comments[1]),
			    "first of all");
}

static void free_accepts_nothing(void **state)
{
	(void)state;
	assert_null(profile_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_empty_at_first),
		cmocka_unit_test(a_mapping_is_the_same_when_start_and_file_and_having_names_are),
		cmocka_unit_test(a_function_is_the_same_when_all_of_it_is),
		cmocka_unit_test(a_location_keeps_its_first_lines),
		cmocka_unit_test(a_stack_is_the_same_when_all_its_frames_are),
		cmocka_unit_test(a_label_set_is_the_same_when_all_its_labels_are),
		cmocka_unit_test(a_sample_that_is_there_is_added_up),
		cmocka_unit_test(samples_that_were_appended_are_sorted_and_added_up),
		cmocka_unit_test(moments_are_sorted_by_time),
		cmocka_unit_test(moments_have_a_bound_that_is_told),
		cmocka_unit_test(keeps_comments_in_order),
		cmocka_unit_test(refuses_more_than_32_bits_can_number),
		cmocka_unit_test(free_accepts_nothing),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
