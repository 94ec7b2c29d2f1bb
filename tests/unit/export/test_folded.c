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

static void writes_a_line_for_each_distinct_stack(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(folded_encode(profile, &text), 0);
	buffer_append_char(&text, '\0');
	assert_string_equal(text.data,
			    "[unknown];asm_exc_page_fault_[k] 1\n"
			    "api 1\n"
			    "api;__libc_start_main;main;[anonymous]+0x7e0000000000_[j] 5\n"
			    "api;__libc_start_main;main;memcpy;asm_exc_page_fault_[k] 9\n"
			    "api;__libc_start_main;main;serve;parse<std::string>_[i] 27\n"
			    "api;__libc_start_main;main;serve;parse<std::string>_[i];memcpy 15\n"
			    "evil\\x3b\\x0a;__libc_start_main;"
			    "<script>alert(\"1\")</script>\\x3b\xef\xbf\xbd\\x0a 3\n");
}

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
		cmocka_unit_test(writes_a_line_for_each_distinct_stack),
		cmocka_unit_test(counts_every_sample_once),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("folded", tests, NULL, NULL);
}
