/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/perf_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jit_world.h"
#include "unwind/symbol_file.h"

/* The bytes of a literal, which may hold NULs. */
#define READ(world, text) read_text(world, text, sizeof(text) - 1)

static void read_text(struct jit_world *world, const char *text, size_t size)
{
	assert_int_equal(perf_map_read(text, size, world->code, &world->report), 0);
	jit_world_finish(world);
}

static void takes_the_rest_of_a_line_as_the_name(void **state)
{
	struct jit_world *world = *state;

	READ(world, "7f2c40001000 1a0 LazyCompile:~fibonacci /srv/app.js:12:19\n"
		    "7f2c40002000 10 [unknown]\n"
		    "7f2c40003000 10 a\n");
	jit_world_is_named(world, 0x7f2c4000119f, "LazyCompile:~fibonacci /srv/app.js:12:19");
	jit_world_is_named(world, 0x7f2c40002000, "[unknown]");
	jit_world_is_named(world, 0x7f2c4000300f, "a");
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 3);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void takes_numbers_as_runtimes_write_them(void **state)
{
	struct jit_world *world = *state;

	READ(world, "0x1000 0x10 prefixed\n"
		    "00002000 ABC padded\n"
		    "3000\t10\ttabbed\n"
		    "4000   10   spaced\r\n");
	jit_world_is_named(world, 0x1000, "prefixed");
	jit_world_is_named(world, 0x2abb, "padded");
	jit_world_is_named(world, 0x3000, "tabbed");
	jit_world_is_named(world, 0x4000, "spaced");
}

static void waits_for_the_end_of_the_last_line(void **state)
{
	struct jit_world *world = *state;

	READ(world, "1000 10 whole\n2000 10 hal");
	jit_world_is_named(world, 0x1000, "whole");
	jit_world_is_named(world, 0x2000, "");
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void counts_lines_that_do_not_parse(void **state)
{
	struct jit_world *world = *state;

	READ(world, "# a comment\n"
		    "\n"
		    "1000\n"
		    "1000 10\n"
		    "1000 10 \n"
		    "xyz 10 name\n"
		    "1000 -10 name\n"
		    "10000000000000000 10 too large a number\n"
		    "fffffffffffffff0 20 wraps\n"
		    "1000 0 has no size\n"
		    "1000 10 good\n");
	jit_world_is_named(world, 0x1000, "good");
	assert_int_equal(symbol_file_function_count(world->symbols), 1);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 9);
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 1);
}

static void a_nul_ends_a_name(void **state)
{
	struct jit_world *world = *state;

	READ(world, "1000 10 before\0behind\n2000 10 \0\n");
	jit_world_is_named(world, 0x1000, "before");
	jit_world_is_named(world, 0x2000, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, jit_world_set_up, jit_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_the_rest_of_a_line_as_the_name),
		TEST(takes_numbers_as_runtimes_write_them),
		TEST(waits_for_the_end_of_the_last_line),
		TEST(counts_lines_that_do_not_parse),
		TEST(a_nul_ends_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
