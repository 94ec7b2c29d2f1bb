/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/perf_reader.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"
#include "reading.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static const char two_events[] = "# a comment\n"
				 "api  12/13  [001] 5.5: 10000000 cpu-clock: \n"
				 "\t 401234 take (inlined)\n"
				 "\t 401234 serve+0x4 (/usr/bin/api)\n"
				 "\t 401100 main+0x10 (/usr/bin/api)\n"
				 "\n"
				 "api  12/13  [000] 5.25: 10000000 cpu-clock: \n"
				 "\t ffffffff81000030 [unknown] ([kernel.kallsyms])\n"
				 "\t 401100 main+0x10 (/usr/bin/api)\n";

static void reads_stacks_with_what_is_inlined(void **state)
{
	(void)state;
	assert_folded(perf_read, two_events,
		      "api;main;[kernel.kallsyms]+0xffffffff81000030_[k] 1\n"
		      "api;main;serve;take_[i] 1\n");
}

static void keeps_the_time_of_each_event(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = reading_of(perf_read, two_events);

	(void)state;
	assert_int_equal(profile->n_moments, 2);
	assert_int_equal(profile->moments[0].time_unix_ns, 5250000000);
	assert_int_equal(profile->moments[0].cpu, 0);
	assert_int_equal(profile->moments[1].time_unix_ns, 5500000000);
	assert_int_equal(profile->moments[1].cpu, 1);
	assert_int_equal(profile->start_unix_ns, 5250000000);
	assert_int_equal(profile->duration_ns, 250000000);
	assert_int_equal(profile->period_ns, 10000000);
	assert_null(profile->extras);
	assert_string_equal(profile_label_text(profile, 0, "tid"), "13");
}

static void other_events_than_clocks_are_counted_as_what_they_are(void **state)
{
	_cleanup_(profile_freep) struct profile *profile =
		reading_of(perf_read, "a 5 1.0: 77 cycles: \n\t 12 f (x)\n\n"
				      "a 5 1.1: 1 page-faults: \n\t 12 g (x)\n\n"
				      "a 5 1.2: 33 cycles: \n\t 12 f (x)\n\n");

	(void)state;
	assert_int_equal(profile->n_samples, 1);
	assert_int_equal(profile->samples[0].value, 110);
	assert_string_equal(profile_value_name(profile), "cycles");
	assert_string_equal(profile_value_unit(profile), "count");
	assert_int_equal(profile->n_comments, 1);
	assert_string_equal(string_table_get(profile->strings, profile->comments[0]),
			    "left out: 1 samples of other events than cycles");
}

static void says_which_line_cannot_be_read(void **state)
{
	(void)state;
	assert_complaint(perf_read, "a 5 1.0: 77 cycles: \nwhat?\n",
			 "line 2: this is neither an event nor a frame");
	assert_complaint(perf_read, "\t 12 f (x)\n", "line 1: this frame belongs to no event");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_stacks_with_what_is_inlined),
		cmocka_unit_test(keeps_the_time_of_each_event),
		cmocka_unit_test(other_events_than_clocks_are_counted_as_what_they_are),
		cmocka_unit_test(says_which_line_cannot_be_read),
	};

	return cmocka_run_group_tests_name("perf_reader", tests, NULL, NULL);
}
