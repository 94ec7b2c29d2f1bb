/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/jitdump.h"

#include <errno.h>
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
#include "unwind/jitdump_copy.h"

enum { LOAD, MOVE, DEBUG_INFO, CLOSE, UNWINDING_INFO };

struct world {
	struct jit_report report;
	struct jit_code *code;
	struct symbol_file *symbols;
	struct buffer dump;
	size_t record; /* where the last one begins */
};

static void put_u32(struct world *world, uint32_t number)
{
	buffer_append(&world->dump, &number, sizeof(number));
}

static void put_u64(struct world *world, uint64_t number)
{
	buffer_append(&world->dump, &number, sizeof(number));
}

static void put_text(struct world *world, const char *text)
{
	buffer_append(&world->dump, text, strlen(text) + 1);
}

static void put_header(struct world *world, uint32_t magic, uint32_t version)
{
	put_u32(world, magic);
	put_u32(world, version);
	put_u32(world, 40);
	put_u32(world, 62);
	put_u64(world, 0);
	put_u64(world, 0);
	put_u64(world, 0);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ 0 };
	assert_int_equal(jit_code_new(&world.report, &world.code), 0);
	put_header(&world, 0x4a695444, 1);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	symbol_file_free(world->symbols);
	jit_code_free(world->code);
	buffer_fini(&world->dump);
	return 0;
}

static void begin_record(struct world *world, uint32_t id)
{
	world->record = world->dump.size;
	put_u32(world, id);
	put_u32(world, 0);
	put_u64(world, 0);
}

static void end_record(struct world *world)
{
	uint32_t size = (uint32_t)(world->dump.size - world->record);

	memcpy(world->dump.data + world->record + 4, &size, sizeof(size));
}

static void put_load(struct world *world, uint64_t pc, uint64_t size, uint64_t number,
		     const char *name)
{
	begin_record(world, LOAD);
	put_u64(world, 0);
	put_u64(world, pc);
	put_u64(world, pc);
	put_u64(world, size);
	put_u64(world, number);
	put_text(world, name);
	buffer_append_zeros(&world->dump, size < 64 ? size : 64);
	end_record(world);
}

static void put_move(struct world *world, uint64_t pc, uint64_t number)
{
	begin_record(world, MOVE);
	put_u64(world, 0);
	put_u64(world, pc);
	put_u64(world, 0);
	put_u64(world, pc);
	put_u64(world, 0);
	put_u64(world, number);
	end_record(world);
}

struct line {
	uint64_t pc;
	uint32_t line;
	const char *filename;
};

static void put_lines(struct world *world, uint64_t pc, const struct line *lines, size_t n)
{
	begin_record(world, DEBUG_INFO);
	put_u64(world, pc);
	put_u64(world, n);
	for (size_t i = 0; i < n; i++) {
		put_u64(world, lines[i].pc);
		put_u32(world, lines[i].line);
		put_u32(world, 0);
		put_text(world, lines[i].filename);
	}
	end_record(world);
}

/* By way of a file, and what is copied of it. */
static void copy_dump(struct world *world, size_t n_missing)
{
	struct buffer copy = { 0 };
	int fd = fixture_memfd(world->dump.data, world->dump.size - n_missing);

	assert_int_equal(jitdump_copy(fd, world->dump.size - n_missing, &copy, &world->report), 0);
	assert_true(copy.size <= world->dump.size);
	buffer_fini(&world->dump);
	world->dump = copy;
	close(fd);
}

/* Read all that was put but for @n_missing bytes. */
static void read_dump(struct world *world, size_t n_missing)
{
	struct buffer bytes = { 0 };
	int fd;

	copy_dump(world, n_missing);
	assert_int_equal(jitdump_read((uint8_t *)world->dump.data, world->dump.size, world->code,
				      &world->report),
			 0);
	if (!world->report.entries[JIT_ENTRY_TAKEN])
		return;
	assert_int_equal(jit_code_finish(world->code, &bytes), 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &world->symbols), 0);
	buffer_fini(&bytes);
	close(fd);
}

static struct symbol_frame find(const struct world *world, uint64_t pc)
{
	struct symbol_frame frame = { .function = "" };

	if (world->symbols)
		symbol_file_find(world->symbols, pc, &frame, 1);
	return frame;
}

static void is_named(const struct world *world, uint64_t pc, const char *expected)
{
	assert_string_equal(find(world, pc).function, expected);
}

static void is_in(const struct world *world, uint64_t pc, const char *filename, uint32_t line)
{
	struct symbol_frame frame = find(world, pc);

	assert_int_equal(frame.line, line);
	assert_string_equal(frame.filename, filename);
}

static void names_what_is_loaded(void **state)
{
	struct world *world = *state;

	put_load(world, 0x7f0000001000, 0x20, 1, "first");
	begin_record(world, UNWINDING_INFO);
	buffer_append_zeros(&world->dump, 100);
	end_record(world);
	put_load(world, 0x7f0000002000, 0x20, 2, "second of two");
	begin_record(world, CLOSE);
	end_record(world);
	read_dump(world, 0);
	is_named(world, 0x7f000000101f, "first");
	is_named(world, 0x7f0000001020, "");
	is_named(world, 0x7f0000002000, "second of two");
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 2);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void what_is_loaded_later_has_the_address(void **state)
{
	struct world *world = *state;

	put_load(world, 0x1000, 0x20, 1, "old");
	put_load(world, 0x1010, 0x20, 2, "new");
	read_dump(world, 0);
	is_named(world, 0x100f, "old");
	is_named(world, 0x1010, "new");
}

static void a_move_takes_name_and_lines_along(void **state)
{
	const struct line lines[] = { { 0x1000, 7, "/srv/app.js" }, { 0x1008, 8, "/srv/app.js" } };
	struct world *world = *state;

	put_lines(world, 0x1000, lines, 2);
	put_load(world, 0x1000, 0x20, 5, "moved");
	put_move(world, 0x3000, 5);
	put_load(world, 0x1000, 0x20, 6, "in its place");
	read_dump(world, 0);
	is_named(world, 0x3000, "moved");
	is_in(world, 0x3007, "app.js", 7);
	is_in(world, 0x3008, "app.js", 8);
	is_named(world, 0x1000, "in its place");
	is_in(world, 0x1000, "", 0);
}

static void a_move_of_what_was_never_loaded_is_damage(void **state)
{
	struct world *world = *state;

	put_load(world, 0x1000, 0x20, 5, "loaded");
	put_move(world, 0x3000, 6);
	read_dump(world, 0);
	is_named(world, 0x3000, "");
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 1);
}

static void lines_may_come_unsorted_and_name_their_file_once(void **state)
{
	const struct line lines[] = {
		{ 0x1010, 12, "/srv/app.js" },
		{ 0x1000, 11, "\xff" },
		{ 0x1018, 3, "/srv/library.js" },
		{ 0x1020, 99, "/srv/behind_the_end.js" },
		{ 0x0fff, 98, "/srv/before_the_start.js" },
	};
	struct world *world = *state;

	put_lines(world, 0x1000, lines, 5);
	put_load(world, 0x1000, 0x20, 1, "lined");
	put_load(world, 0x1020, 0x20, 2, "not lined");
	read_dump(world, 0);
	is_in(world, 0x1000, "app.js", 11);
	is_in(world, 0x100f, "app.js", 11);
	is_in(world, 0x1010, "app.js", 12);
	is_in(world, 0x101f, "library.js", 3);
	is_in(world, 0x1020, "", 0);
	assert_int_equal(world->report.n_lines, 3);
}

static void lines_of_another_function_are_not_taken(void **state)
{
	const struct line lines[] = { { 0x1000, 7, "/srv/app.js" } };
	struct world *world = *state;

	put_lines(world, 0x1000, lines, 1);
	put_load(world, 0x2000, 0x20, 1, "other");
	read_dump(world, 0);
	is_named(world, 0x2000, "other");
	is_in(world, 0x2000, "", 0);
}

/* V8 puts the size of an ELF header before each. */
static void lines_that_begin_behind_an_elf_header_are_moved_back(void **state)
{
	const struct line lines[] = { { 0x1040, 7, "/srv/app.js" }, { 0x1048, 8, "/srv/app.js" } };
	struct world *world = *state;

	put_lines(world, 0x1000, lines, 2);
	put_load(world, 0x1000, 0x100, 1, "shifted");
	read_dump(world, 0);
	is_in(world, 0x1000, "app.js", 7);
	is_in(world, 0x1008, "app.js", 8);
}

static void what_is_not_whole_is_still_being_written(void **state)
{
	struct world *world = *state;

	put_load(world, 0x1000, 0x20, 1, "whole");
	put_load(world, 0x2000, 0x20, 2, "half");
	read_dump(world, 1);
	is_named(world, 0x1000, "whole");
	is_named(world, 0x2000, "");
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 0);
}

static void refuses_other_byte_orders_and_versions(void **state)
{
	struct world *world = *state;

	world->dump.size = 0;
	put_header(world, 0x4454694a, 0x01000000);
	put_load(world, 0x1000, 0x20, 1, "foreign");
	assert_true(jitdump_is_one((uint8_t *)world->dump.data, world->dump.size));
	read_dump(world, 0);
	assert_int_equal(world->report.n_foreign, 1);
	world->dump.size = 0;
	put_header(world, 0x4a695444, 2);
	put_load(world, 0x1000, 0x20, 1, "new");
	read_dump(world, 0);
	assert_int_equal(world->report.n_foreign, 2);
	assert_int_equal(world->report.entries[JIT_ENTRY_TAKEN], 0);
	assert_false(jitdump_is_one((const uint8_t *)"1000 10 a\n", 10));
	assert_false(jitdump_is_one((const uint8_t *)"Dt", 2));
}

static void records_that_contradict_themselves_are_damage(void **state)
{
	struct world *world = *state;

	put_load(world, UINT64_MAX - 0x10, 0x20, 1, "wraps");
	put_load(world, 0x1000, 0, 2, "has no code, which may be");
	begin_record(world, LOAD);
	put_u64(world, 0);
	end_record(world);
	begin_record(world, MOVE);
	end_record(world);
	put_load(world, 0x2000, 0x20, 3, "good");
	begin_record(world, LOAD); /* its size stays 0: nobody knows where the next one is */
	put_load(world, 0x3000, 0x20, 4, "behind");
	read_dump(world, 0);
	is_named(world, 0x2000, "good");
	is_named(world, 0x3000, "");
	assert_int_equal(symbol_file_function_count(world->symbols), 1);
	assert_int_equal(world->report.entries[JIT_ENTRY_DAMAGED], 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_what_is_loaded),
		TEST(what_is_loaded_later_has_the_address),
		TEST(a_move_takes_name_and_lines_along),
		TEST(a_move_of_what_was_never_loaded_is_damage),
		TEST(lines_may_come_unsorted_and_name_their_file_once),
		TEST(lines_of_another_function_are_not_taken),
		TEST(lines_that_begin_behind_an_elf_header_are_moved_back),
		TEST(what_is_not_whole_is_still_being_written),
		TEST(refuses_other_byte_orders_and_versions),
		TEST(records_that_contradict_themselves_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
