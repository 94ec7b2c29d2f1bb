/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/main_mapping.h"
#include "known_profile.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void expect(const struct profile *profile, const char *filename)
{
	size_t mapping;

	assert_int_equal(main_mapping_find(profile, &mapping), 0);
	assert_string_equal(string_table_get(profile->strings, profile->mappings[mapping].filename),
			    filename);
}

static void is_the_first_where_there_is_none(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	size_t mapping = 1;

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(main_mapping_find(profile, &mapping), 0);
	assert_int_equal(mapping, 0);
}

static void is_the_program_of_most_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();

	(void)state;
	expect(profile, "/usr/bin/api");
}

static void is_the_file_with_most_leaves_where_no_program_is_known(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();

	(void)state;
	for (size_t i = 0; i < profile->n_labels; i++)
		profile->labels[i].value = 0;
	expect(profile, "/usr/bin/api");
	for (size_t i = 0; i < profile->n_samples; i++)
		profile->samples[i].count = i == 2 ? 100 : 1; /* memcpy's */
	expect(profile, "/usr/lib/libc.so.6");
}

static void is_the_kernel_only_without_a_program(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();

	(void)state;
	for (size_t i = 0; i < profile->n_samples; i++)
		profile->samples[i].count = i == 3 ? 100 : 0; /* the page fault's */
	for (size_t i = 0; i < profile->n_labels; i++)
		profile->labels[i].value = 0;
	expect(profile, "/usr/lib/libc.so.6");
	for (size_t i = 1; i < profile->n_mappings; i++)
		profile->mappings[i].filename = profile->mappings[0].filename;
	expect(profile, "[kernel.kallsyms]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_first_where_there_is_none),
		cmocka_unit_test(is_the_program_of_most_samples),
		cmocka_unit_test(is_the_file_with_most_leaves_where_no_program_is_known),
		cmocka_unit_test(is_the_kernel_only_without_a_program),
	};

	return cmocka_run_group_tests_name("main_mapping", tests, NULL, NULL);
}
