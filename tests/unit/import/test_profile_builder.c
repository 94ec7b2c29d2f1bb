/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/profile_builder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile_extras.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static uint32_t add_function(struct profile_builder *builder, const char *name)
{
	const struct builder_text text = { name, strlen(name) };
	struct profile_function function = { 0 };
	uint32_t index;

	assert_int_equal(builder_add_string(builder, text, true, &function.name), 0);
	assert_int_equal(builder_add_function(builder, &function, &index), 0);
	return index;
}

static void add_frame(struct profile_builder *builder, const char *name)
{
	const struct profile_line line = { .function = add_function(builder, name) };
	const struct builder_frame frame = { .mapping = PROFILE_NO_MAPPING,
					     .lines = &line,
					     .n_lines = 1 };

	assert_int_equal(builder_add_frame(builder, &frame), 0);
}

static void the_same_is_there_once(void **state)
{
	_cleanup_(builder_fini) struct profile_builder builder = { 0 };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct profile_sample sample = { .count = 2, .value = 2 };

	(void)state;
	assert_int_equal(builder_init(&builder), 0);
	assert_int_equal(builder_add_label_set(&builder, NULL, 0, &sample.label_set), 0);
	for (int i = 0; i < 2; i++) {
		add_frame(&builder, "leaf");
		add_frame(&builder, "root");
		assert_int_equal(builder_add_sample(&builder, &sample, false, NULL), 0);
		add_frame(&builder, "root");
		add_frame(&builder, "leaf");
		assert_int_equal(builder_add_sample(&builder, &sample, true, NULL), 0);
	}
	assert_int_equal(builder_finish(&builder, NULL, NULL, &profile), 0);
	assert_int_equal(profile->n_locations, 2);
	assert_int_equal(profile->n_stacks, 1);
	assert_int_equal(profile->n_samples, 1);
	assert_int_equal(profile->samples[0].count, 8);
	assert_int_equal(profile->extras->n_types, 1);
	assert_int_equal(profile->extras->values[0], 8);
}

static void cpu_time_is_as_in_a_profile_of_ours(void **state)
{
	_cleanup_(builder_fini) struct profile_builder builder = { 0 };
	_cleanup_(profile_freep) struct profile *profile = NULL;

	(void)state;
	assert_int_equal(builder_init(&builder), 0);
	assert_int_equal(builder_finish(&builder, "cpu", "nanoseconds", &profile), 0);
	assert_null(profile->extras);
}

static void what_was_escaped_is_what_it_was(void **state)
{
	static const char *const pairs[][2] = {
		{ "a\\x3bb", "a;b" }, { "\\x5cx41", "\\x41" }, { "\\x4", "\\x4" },
		{ "\\xZZ", "\\xZZ" }, { "\\x00", "\\x00" },    { "", "" },
	};
	_cleanup_(builder_fini) struct profile_builder builder = { 0 };

	(void)state;
	assert_int_equal(builder_init(&builder), 0);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct builder_text text = { pairs[i][0], strlen(pairs[i][0]) };
		uint32_t string;

		assert_int_equal(builder_add_string(&builder, text, true, &string), 0);
		assert_string_equal(string_table_get(builder.profile->strings, string),
				    pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_there_once),
		cmocka_unit_test(cpu_time_is_as_in_a_profile_of_ours),
		cmocka_unit_test(what_was_escaped_is_what_it_was),
	};

	return cmocka_run_group_tests_name("profile_builder", tests, NULL, NULL);
}
