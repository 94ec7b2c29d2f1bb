/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/unwind_table.h"

#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	N_RULES = 3,
	N_CHUNKS = 3,
	ROWS_OF_FIRST = 4,
	CHUNK_BYTES = UNWIND_CHUNK_LOW_OFF + UNWIND_CHUNK_LOW_BYTES(ROWS_OF_FIRST) +
		      UNWIND_CHUNK_RULE_BYTES(ROWS_OF_FIRST),
	CHUNKS_OFF = UNWIND_TABLE_CHUNKS_OFF(N_RULES, N_CHUNKS),
	SIZE = CHUNKS_OFF + CHUNK_BYTES,
};

/* A table whose second chunk has rows at 0, 0x20, 0x1ff and 0xff00; the others have no code. */
struct small_table {
	struct unwind_table_header header;
	struct unwind_rule rules[N_RULES];
	uint32_t chunk_off[N_CHUNKS];
	uint32_t padding;
	uint16_t first_row[UNWIND_BUCKETS + 1 + 3];
	uint8_t low[UNWIND_CHUNK_LOW_BYTES(ROWS_OF_FIRST)];
	uint16_t rule[ROWS_OF_FIRST];
};

static_assert(sizeof(struct small_table) == SIZE, "the table has no padding of its own");

static struct small_table small_table(void)
{
	struct small_table table = {
		.header = { .magic = UNWIND_TABLE_MAGIC,
			    .n_rules = N_RULES,
			    .n_chunks = N_CHUNKS,
			    .n_rows = ROWS_OF_FIRST,
			    .size_bytes = SIZE },
		.rules = { { .cfa_kind = UNWIND_CFA_NONE },
			   { .cfa_kind = UNWIND_CFA_SP, .cfa_off = 8 },
			   { .cfa_kind = UNWIND_CFA_FP, .cfa_off = 16 } },
		.chunk_off = { 0, CHUNKS_OFF, 0 },
		.low = { 0, 0x20, 0xff, 0 },
		.rule = { 0, 1, 2, 1 },
	};

	table.first_row[1] = 2;
	for (int b = 2; b <= 0xff; b++)
		table.first_row[b] = 3;
	table.first_row[UNWIND_BUCKETS] = 4;
	return table;
}

static int32_t cfa_off_at(const struct small_table *table, uint64_t file_off)
{
	return unwind_table_find(table, file_off)->cfa_off;
}

static void finds_the_rule_of_every_place(void **state)
{
	struct small_table table = small_table();

	(void)state;
	assert_int_equal(unwind_table_check(&table, sizeof(table)), 0);
	assert_int_equal(cfa_off_at(&table, 0x10000), 0);
	assert_int_equal(cfa_off_at(&table, 0x1001f), 0);
	assert_int_equal(cfa_off_at(&table, 0x10020), 8);
	assert_int_equal(cfa_off_at(&table, 0x100ff), 8);
	assert_int_equal(cfa_off_at(&table, 0x101fe), 8); /* of the bucket before */
	assert_int_equal(cfa_off_at(&table, 0x101ff), 16);
	assert_int_equal(cfa_off_at(&table, 0x10200), 16);
	assert_int_equal(cfa_off_at(&table, 0x1feff), 16); /* of many buckets before */
	assert_int_equal(cfa_off_at(&table, 0x1ff00), 8);
	assert_int_equal(cfa_off_at(&table, 0x1ffff), 8);
}

static void there_is_no_rule_where_there_is_no_chunk(void **state)
{
	struct small_table table = small_table();

	(void)state;
	assert_int_equal(unwind_table_find(&table, 0)->cfa_kind, UNWIND_CFA_NONE);
	assert_int_equal(unwind_table_find(&table, 0x20000)->cfa_kind, UNWIND_CFA_NONE);
	assert_int_equal(unwind_table_find(&table, 0x30000)->cfa_kind, UNWIND_CFA_NONE);
	assert_int_equal(unwind_table_find(&table, UINT64_MAX)->cfa_kind, UNWIND_CFA_NONE);
}

static void copies_chunks_with_other_numbers_of_rules(void **state)
{
	static const uint16_t remap[N_RULES] = { 0, 700, 900 };
	struct small_table table = small_table(), copy = table;
	struct unwind_chunk chunk;

	(void)state;
	assert_true(unwind_table_next_chunk(&table, 0, &chunk));
	assert_int_equal(chunk.chunk_i, 1);
	assert_int_equal(chunk.size_bytes, CHUNK_BYTES);
	assert_ptr_equal(chunk.bytes, table.first_row);
	unwind_chunk_copy(&chunk, remap, copy.first_row);
	assert_memory_equal(copy.low, table.low, sizeof(table.low));
	assert_int_equal(copy.rule[0], 0);
	assert_int_equal(copy.rule[1], 700);
	assert_int_equal(copy.rule[2], 900);
	assert_int_equal(copy.rule[3], 700);
	assert_false(unwind_table_next_chunk(&table, 2, &chunk));
	assert_false(unwind_table_next_chunk(&table, UINT32_MAX, &chunk));
}

static int check(const struct small_table *table)
{
	return unwind_table_check(table, sizeof(*table));
}

#define ASSERT_REFUSED(change)                                                                     \
	do {                                                                                       \
		struct small_table table = small_table();                                          \
		assert_int_equal(check(&table), 0);                                                \
		change;                                                                            \
		assert_int_equal(check(&table), -EBADMSG);                                         \
	} while (0)

static void refuses_a_header_that_is_no_table(void **state)
{
	(void)state;
	ASSERT_REFUSED(table.header.magic++);
	ASSERT_REFUSED(table.header.size_bytes--);
	ASSERT_REFUSED(table.header.n_rules = 0);
	ASSERT_REFUSED(table.header.n_rules = UNWIND_MAX_FILE_RULES + 1);
	ASSERT_REFUSED(table.header.n_rules = UNWIND_MAX_FILE_RULES);
	ASSERT_REFUSED(table.header.n_rows++);
	ASSERT_REFUSED(table.header.n_chunks = UINT32_MAX);
	ASSERT_REFUSED(table.header.n_chunks = 2000);
}

static void refuses_rules_that_are_none(void **state)
{
	(void)state;
	ASSERT_REFUSED(table.rules[2].cfa_kind = UNWIND_CFA_KIND_COUNT);
	ASSERT_REFUSED(table.rules[0].cfa_kind = UNWIND_CFA_SP);
	ASSERT_REFUSED(table.rule[3] = N_RULES);
}

static void refuses_chunks_that_lie_elsewhere(void **state)
{
	(void)state;
	ASSERT_REFUSED(table.chunk_off[1] += 8);
	ASSERT_REFUSED(table.chunk_off[1] = UINT32_MAX);
	ASSERT_REFUSED(table.chunk_off[1] = 0); /* bytes that are nobody's */
	ASSERT_REFUSED(table.chunk_off[2] = CHUNKS_OFF);
	ASSERT_REFUSED(table.first_row[UNWIND_BUCKETS] = UINT16_MAX);
	ASSERT_REFUSED(table.first_row[UNWIND_BUCKETS] = 0);
}

static void refuses_buckets_out_of_order(void **state)
{
	(void)state;
	ASSERT_REFUSED(table.first_row[0] = 1);
	ASSERT_REFUSED(table.first_row[1] = 0); /* nothing holds at the start */
	ASSERT_REFUSED(table.low[0] = 1);
	ASSERT_REFUSED(table.low[1] = 0);
	ASSERT_REFUSED(table.first_row[7] = 5);
	ASSERT_REFUSED(table.first_row[7] = 2);
}

static void refuses_a_table_that_was_cut(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < SIZE; size++) {
		struct small_table table = small_table();
		void *cut = malloc(size + 1); /* of its own, so that a sanitizer sees its end */

		if (size >= sizeof(table.header))
			table.header.size_bytes = size;
		memcpy(cut, &table, size);
		assert_int_equal(unwind_table_check(cut, size), -EBADMSG);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_rule_of_every_place),
		cmocka_unit_test(there_is_no_rule_where_there_is_no_chunk),
		cmocka_unit_test(copies_chunks_with_other_numbers_of_rules),
		cmocka_unit_test(refuses_a_header_that_is_no_table),
		cmocka_unit_test(refuses_rules_that_are_none),
		cmocka_unit_test(refuses_chunks_that_lie_elsewhere),
		cmocka_unit_test(refuses_buckets_out_of_order),
		cmocka_unit_test(refuses_a_table_that_was_cut),
	};

	return cmocka_run_group_tests_name("unwind table", tests, NULL, NULL);
}
