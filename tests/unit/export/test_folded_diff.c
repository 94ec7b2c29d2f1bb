/* SPDX-License-Identifier: Apache-2.0 */
#include "export/folded_diff.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/folded.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void add_stack(struct profile *profile, const char *name, uint64_t count)
{
	struct profile_function function = { 0 };
	struct profile_line line = { 0 };
	struct profile_location location = { .mapping = PROFILE_NO_MAPPING };
	struct profile_sample sample = { .count = count, .value = count };
	uint32_t index;

	assert_int_equal(string_table_add(profile->strings, name, &function.name), 0);
	assert_int_equal(profile_add_function(profile, &function, &line.function), 0);
	location.address = function.name;
	assert_int_equal(profile_add_location(profile, &location, &line, 1, &index), 0);
	assert_int_equal(profile_add_stack(profile, &index, 1, &sample.stack), 0);
	assert_int_equal(profile_add_label_set(profile, NULL, 0, &sample.label_set), 0);
	assert_int_equal(profile_add_sample(profile, &sample), 0);
}

static void has_a_line_for_each_stack_of_either_side(void **state)
{
	_cleanup_(profile_freep) struct profile *base = NULL, *after = NULL;
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	(void)state;
	assert_int_equal(profile_new(&base), 0);
	assert_int_equal(profile_new(&after), 0);
	add_stack(base, "a 1", 10);
	add_stack(base, "b", 20);
	add_stack(base, "bb", 30);
	add_stack(after, "a", 1);
	add_stack(after, "bb", 3);
	add_stack(after, "c", 4);
	assert_int_equal(folded_diff_encode(base, after, &out), 0);
	buffer_append_char(&out, '\0');
	assert_string_equal(out.data, "[unknown];a 0 1\n"
				      "[unknown];a 1 10 0\n"
				      "[unknown];b 20 0\n"
				      "[unknown];bb 30 3\n"
				      "[unknown];c 0 4\n");
}

static void has_equal_columns_for_a_thing_and_itself(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { 0 }, folded = { 0 };
	size_t n_lines = 0, n_folded = 0;

	(void)state;
	assert_int_equal(folded_encode(profile, &folded), 0);
	assert_int_equal(folded_diff_encode(profile, profile, &out), 0);
	for (size_t i = 0; i < folded.size; i++)
		n_folded += folded.data[i] == '\n';
	for (char *line = out.data, *end; line < out.data + out.size; line = end + 1) {
		char *second, *first;

		end = memchr(line, '\n', (size_t)(out.data + out.size - line));
		*end = '\0';
		second = strrchr(line, ' ');
		*second = '\0';
		first = strrchr(line, ' ');
		assert_string_equal(first + 1, second + 1);
		n_lines++;
	}
	assert_int_equal(n_lines, n_folded);
}

static void ends_at_the_limit(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(buffer_fini) struct buffer out = { .limit = 40 };

	(void)state;
	assert_int_equal(folded_diff_encode(profile, profile, &out), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_line_for_each_stack_of_either_side),
		cmocka_unit_test(has_equal_columns_for_a_thing_and_itself),
		cmocka_unit_test(ends_at_the_limit),
	};

	return cmocka_run_group_tests_name("folded diff", tests, NULL, NULL);
}
