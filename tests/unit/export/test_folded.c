/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/folded.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* Of the lines of @text: all that is behind their last spaces, summed up. */
static uint64_t total_of(char *text)
{
	uint64_t total = 0;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		total += strtoull(strrchr(line, ' '), NULL, 10);
	return total;
}

static void counts_every_sample_once(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_large(2000, 12);
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	uint64_t expected = 0;

	(void)state;
	for (size_t i = 0; i < profile->n_samples; i++)
		expected += profile->samples[i].count;
	assert_int_equal(folded_encode(profile, &text), 0);
	buffer_append_char(&text, '\0');
	assert_int_equal(total_of(text.data), expected);
}

static void writes_nothing_for_no_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(folded_encode(profile, &text), 0);
	assert_int_equal(text.size, 0);
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { .limit = 100 };

	(void)state;
	assert_int_equal(folded_encode(profile, &text), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_nothing_for_no_samples),
		cmocka_unit_test(counts_every_sample_once),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("folded", tests, NULL, NULL);
}
