/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/html.h"
#include "export/html_parts.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void no_name_is_part_of_the_markup(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	size_t before = strlen(html_before), after = strlen(html_after);

	(void)state;
	assert_int_equal(html_encode(profile, &text), 0);
	assert_memory_equal(text.data, html_before, before);
	assert_memory_equal(text.data + text.size - after, html_after, after);
	for (size_t i = before; i < text.size - after; i++)
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=",
				       text.data[i]));
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer text = { .limit = 20000 };

	(void)state;
	assert_int_equal(html_encode(profile, &text), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_is_part_of_the_markup),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
