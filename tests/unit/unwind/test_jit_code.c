/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/jit_code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jit_world.h"
#include "unwind/symbol_file.h"
#include "profiler/base/buffer.h"

static void add(struct jit_world *world, uint64_t start_pc, uint64_t end_pc, const char *name)
{
	const struct jit_function function = {
		.start_pc = start_pc,
		.end_pc = end_pc,
		.name = name,
		.name_length = strlen(name),
	};

	assert_int_equal(jit_code_add(world->code, &function), 0);
}

static void names_pcs_from_the_first_to_the_last_of_a_function(void **state)
{
	struct jit_world *world = *state;

	add(world, 0x7f0000001000, 0x7f0000001010, "one");
	jit_world_finish(world);
	jit_world_is_named(world, 0x7f0000000fff, "");
	jit_world_is_named(world, 0x7f0000001000, "one");
	jit_world_is_named(world, 0x7f000000100f, "one");
	jit_world_is_named(world, 0x7f0000001010, "");
}

static void the_last_that_was_told_of_has_the_address(void **state)
{
	struct jit_world *world = *state;

	add(world, 0x1000, 0x1100, "old");
	add(world, 0x1040, 0x1080, "inside");
	add(world, 0x1070, 0x1090, "across");
	add(world, 0x10f0, 0x1200, "behind");
	jit_world_finish(world);
	jit_world_is_named(world, 0x103f, "old");
	jit_world_is_named(world, 0x1040, "inside");
	jit_world_is_named(world, 0x1070, "across");
	jit_world_is_named(world, 0x1090, "old");
	jit_world_is_named(world, 0x10ef, "old");
	jit_world_is_named(world, 0x10f0, "behind");
}

static void a_larger_one_that_comes_later_hides_all_before(void **state)
{
	struct jit_world *world = *state;

	add(world, 0x1000, 0x1010, "first");
	add(world, 0x1020, 0x1030, "second");
	add(world, 0x0f00, 0x1100, "later");
	add(world, 0x1020, 0x1030, "second again");
	jit_world_finish(world);
	jit_world_is_named(world, 0x1000, "later");
	jit_world_is_named(world, 0x1025, "second again");
	jit_world_is_named(world, 0x1030, "later");
	assert_int_equal(symbol_file_function_count(world->symbols), 3);
}

static void lines_hold_in_what_is_left_of_a_function(void **state)
{
	struct jit_world *world = *state;
	struct symbol_row rows[] = { { 0x1000, 0, 1 }, { 0x1020, 0, 2 }, { 0x1030, 0, 3 } };
	struct jit_function function = { 0x1000, 0x1040, "lined", 5, rows, 3 };

	for (int i = 0; i < 3; i++)
		assert_int_equal(jit_code_add_file(world->code, "/srv/app.js", &rows[i].file), 0);
	assert_int_equal(jit_code_add(world->code, &function), 0);
	add(world, 0x1010, 0x1024, "new");
	jit_world_finish(world);
	assert_int_equal(jit_world_find(world, 0x100f).line, 1);
	assert_int_equal(jit_world_find(world, 0x1010).line, 0);
	assert_int_equal(jit_world_find(world, 0x1024).line, 2);
	assert_int_equal(jit_world_find(world, 0x1030).line, 3);
	assert_string_equal(jit_world_find(world, 0x1030).filename, "app.js");
	assert_string_equal(jit_world_find(world, 0x1030).directory, "/srv");
}

static void refuses_and_counts_what_is_no_code(void **state)
{
	struct jit_world *world = *state;
	struct buffer bytes = { 0 };

	add(world, 0x1000, 0x1000, "empty");
	add(world, 0x1000, 0x0fff, "backwards");
	add(world, 0x1000, 0x1001, "");
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 3);
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 0);
	assert_int_equal(jit_code_finish(world->code, &bytes), -ENODATA);
	buffer_fini(&bytes);
}

static void cuts_and_counts_names_that_are_too_long(void **state)
{
	struct jit_world *world = *state;
	char *name = malloc(JIT_CODE_MAX_NAME + 2);

	memset(name, 'n', JIT_CODE_MAX_NAME + 1);
	name[JIT_CODE_MAX_NAME + 1] = '\0';
	add(world, 0x1000, 0x1010, name);
	jit_world_finish(world);
	assert_int_equal(strlen(jit_world_find(world, 0x1000).function), JIT_CODE_MAX_NAME);
	assert_int_equal(world->report.entries[JIT_ENTRY_CUT], 1);
	free(name);
}

static void keeps_the_last_of_too_many(void **state)
{
	struct jit_world *world = *state;

	for (uint64_t i = 0; i < JIT_CODE_MAX_FUNCTIONS + 2; i++)
		add(world, 0x1000 + i * 16, 0x1010 + i * 16, "one of many");
	jit_world_finish(world);
	jit_world_is_named(world, 0x1010, "");
	jit_world_is_named(world, 0x1020, "one of many");
	jit_world_is_named(world, 0x1000 + (JIT_CODE_MAX_FUNCTIONS + 1) * 16ULL, "one of many");
	assert_int_equal(world->report.entries[JIT_ENTRY_FORGOTTEN], 2);
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], JIT_CODE_MAX_FUNCTIONS);
}

/* What each address is called when entries are painted over one another. */
static void gives_each_address_as_painting_would(void **state)
{
	enum { N_ENTRIES = 300, N_PCS = 4096 };
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
	const char *painted[N_PCS];
	struct jit_world *world = *state;
	uint32_t seed = 1;

	for (int pc = 0; pc < N_PCS; pc++)
		painted[pc] = "";
	for (int i = 0; i < N_ENTRIES; i++) {
		uint32_t start, size;

		seed = seed * 1664525 + 1013904223;
		start = seed >> 8 & (N_PCS / 2 - 1);
		size = 1 + (seed >> 20) % (N_PCS / 8);
		add(world, 1 + start, 1 + start + size, names[i % 7]);
		for (uint32_t pc = start; pc < start + size; pc++)
			painted[pc] = names[i % 7];
	}
	jit_world_finish(world);
	for (int pc = 0; pc < N_PCS; pc++)
		jit_world_is_named(world, 1 + (uint64_t)pc, painted[pc]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, jit_world_set_up, jit_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_pcs_from_the_first_to_the_last_of_a_function),
		TEST(the_last_that_was_told_of_has_the_address),
		TEST(a_larger_one_that_comes_later_hides_all_before),
		TEST(lines_hold_in_what_is_left_of_a_function),
		TEST(refuses_and_counts_what_is_no_code),
		TEST(cuts_and_counts_names_that_are_too_long),
		TEST(keeps_the_last_of_too_many),
		TEST(gives_each_address_as_painting_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
