/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/svg.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void draw(const struct profile *profile, struct buffer *out)
{
	assert_int_equal(svg_encode(profile, out), 0);
	buffer_append_char(out, '\0');
}

static void draws_a_profile_without_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	draw(profile, &out);
	assert_non_null(strstr(out.data, "0 samples"));
	assert_null(strstr(out.data, "<svg class=\"pl-frame"));
}

static void cuts_names_to_their_boxes(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	draw(profile, &out);
	assert_non_null(strstr(out.data, ">parse&lt;std::string&gt;</text>"));
	assert_non_null(strstr(out.data, ">[anonymous]…</text>")); /* in 98 pixels */
}

static void cuts_names_between_characters(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	uint32_t name;

	(void)state;
	assert_int_equal(string_table_add(profile->strings, "ääääääääääääääääääääää", &name), 0);
	profile->functions[6].name = name; /* the one in generated code */
	draw(profile, &out);
	assert_non_null(strstr(out.data, ">äääääääääää…</text>"));
}

static void tells_that_the_limit_does_not_suffice(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { .limit = 10000 };

	(void)state;
	assert_int_equal(svg_encode(profile, &out), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_a_profile_without_samples),
		cmocka_unit_test(cuts_names_to_their_boxes),
		cmocka_unit_test(cuts_names_between_characters),
		cmocka_unit_test(tells_that_the_limit_does_not_suffice),
	};

	return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
