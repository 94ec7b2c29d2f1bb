/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history_world.h"
#include "profiler/database.h"

static const struct history_file file = {
	.path = 5,
	.key = { .build_id = { .bytes = { 0xab, 0, 0xcd }, .n_bytes = 3 },
		 .owner = 1000,
		 .size_bytes = 1ULL << 40,
		 .change_time_ns = -1 },
};

static void a_file_has_one_number_and_comes_back(void **state)
{
	struct database *database = history_world_new();
	struct elf_description description;
	struct history_file found, other = file;
	uint32_t number, again;

	(void)state;
	assert_int_equal(history_file_put(database, &file, &number), 0);
	assert_int_equal(history_file_put(database, &file, &again), 0);
	assert_int_equal(again, number);
	other.key.change_time_ns = 0;
	assert_int_equal(history_file_put(database, &other, &again), 0);
	assert_int_not_equal(again, number);
	assert_int_equal(history_file_get(database, number, &found, &description), 0);
	assert_int_equal(found.path, 5);
	assert_memory_equal(&found.key.build_id, &file.key.build_id, sizeof(struct build_id));
	assert_int_equal(found.key.owner, 1000);
	assert_true(found.key.size_bytes == 1ULL << 40);
	assert_true(found.key.change_time_ns == -1);
	assert_int_equal(description.n_segments, 0);
	assert_int_equal(history_file_get(database, 77, &found, &description), -EBADMSG);
	database_close(database);
}

static void segments_are_told_later(void **state)
{
	struct elf_description said = {
		.n_segments = 2,
		.segments = { { 0x1000, 0x401000, 0x5000 }, { 0x8000, UINT64_MAX, 1 } },
	};
	struct database *database = history_world_new();
	struct elf_description description;
	struct history_file found;
	uint32_t number;

	(void)state;
	assert_int_equal(history_file_put(database, &file, &number), 0);
	assert_int_equal(history_file_describe(database, number, &said), 0);
	assert_int_equal(history_file_get(database, number, &found, &description), 0);
	assert_int_equal(description.n_segments, 2);
	assert_memory_equal(description.segments, said.segments, sizeof(said.segments));
	assert_int_equal(description.build_id.n_bytes, 3);
	assert_int_equal(database_run(database, "UPDATE file SET segments = zeroblob(100)"), 0);
	assert_int_equal(history_file_get(database, number, &found, &description), -EBADMSG);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_one_number_and_comes_back),
		cmocka_unit_test(segments_are_told_later),
	};

	return cmocka_run_group_tests_name("history_file", tests, NULL, NULL);
}
