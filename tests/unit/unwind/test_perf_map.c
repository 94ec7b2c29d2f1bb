/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/perf_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"

struct world {
	struct jit_report report;
	struct jit_code *code;
	struct symbol_file *symbols;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ 0 };
	assert_int_equal(jit_code_new(&world.report, &world.code), 0);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	symbol_file_free(world->symbols);
	jit_code_free(world->code);
	return 0;
}

/* The bytes of a literal, which may hold NULs. */
#define READ(world, text) read_text(world, text, sizeof(text) - 1)

static void read_text(struct world *world, const char *text, size_t size)
{
	struct buffer bytes = { 0 };
	int fd;

	assert_int_equal(perf_map_read(text, size, world->code, &world->report), 0);
	assert_int_equal(jit_code_finish(world->code, &bytes), 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &world->symbols), 0);
	buffer_fini(&bytes);
	close(fd);
}

static void is_named(const struct world *world, uint64_t pc, const char *expected)
{
	struct symbol_frame frame = { .function = "" };

	symbol_file_find(world->symbols, pc, &frame, 1);
	assert_string_equal(frame.function, expected);
}

static void takes_the_rest_of_a_line_as_the_name(void **state)
{
	struct world *world = *state;

	READ(world, "7f2c40001000 1a0 LazyCompile:~fibonacci /srv/app.js:12:19\n"
		    "7f2c40002000 10 [unknown]\n"
		    "7f2c40003000 10 a\n");
	is_named(world, 0x7f2c4000119f, "LazyCompile:~fibonacci /srv/app.js:12:19");
	is_named(world, 0x7f2c40002000, "[unknown]");
	is_named(world, 0x7f2c4000300f, "a");
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 3);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void takes_numbers_as_runtimes_write_them(void **state)
{
	struct world *world = *state;

	READ(world, "0x1000 0x10 prefixed\n"
		    "00002000 ABC padded\n"
		    "3000\t10\ttabbed\n"
		    "4000   10   spaced\r\n");
	is_named(world, 0x1000, "prefixed");
	is_named(world, 0x2abb, "padded");
	is_named(world, 0x3000, "tabbed");
	is_named(world, 0x4000, "spaced");
}

static void waits_for_the_end_of_the_last_line(void **state)
{
	struct world *world = *state;

	READ(world, "1000 10 whole\n2000 10 hal");
	is_named(world, 0x1000, "whole");
	is_named(world, 0x2000, "");
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void counts_lines_that_do_not_parse(void **state)
{
	struct world *world = *state;

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
	is_named(world, 0x1000, "good");
	assert_int_equal(symbol_file_function_count(world->symbols), 1);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 9);
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 1);
}

static void a_nul_ends_a_name(void **state)
{
	struct world *world = *state;

	READ(world, "1000 10 before\0behind\n2000 10 \0\n");
	is_named(world, 0x1000, "before");
	is_named(world, 0x2000, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
