/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_split.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "unwind/symbol_function.h"

#define N_ROWS       1000
#define START_VADDR  0x1000
#define ROW_BYTES    4
#define OUTER_INLINE 7 /* names */
#define INNER_INLINE 8

/* "outer" goes over the whole function, in it each 10th row is "inner". */
struct sample {
	struct symbol_row rows[N_ROWS];
	struct symbol_range outer;
	struct symbol_range inner[N_ROWS / 10];
	struct symbol_inline inlines[1 + N_ROWS / 10];
	struct symbol_function function;
};

static void make_sample(struct sample *sample)
{
	uint64_t end_vaddr = START_VADDR + N_ROWS * ROW_BYTES;

	for (uint32_t i = 0; i < N_ROWS; i++)
		sample->rows[i] = (struct symbol_row){ START_VADDR + i * ROW_BYTES, 1, 100 + i };
	sample->outer = (struct symbol_range){ START_VADDR, end_vaddr };
	sample->inlines[0] = (struct symbol_inline){
		.depth = 1, .name = OUTER_INLINE, .n_ranges = 1, .ranges = &sample->outer
	};
	for (uint32_t i = 0; i < N_ROWS / 10; i++) {
		uint64_t start_vaddr = sample->rows[i * 10].elf_vaddr;

		sample->inner[i] = (struct symbol_range){ start_vaddr, start_vaddr + ROW_BYTES };
		sample->inlines[1 + i] = (struct symbol_inline){
			.depth = 2, .name = INNER_INLINE, .n_ranges = 1, .ranges = &sample->inner[i]
		};
	}
	sample->function = (struct symbol_function){
		.range = { START_VADDR, end_vaddr },
		.name = 3,
		.n_rows = N_ROWS,
		.rows = sample->rows,
		.n_inlines = ARRAY_SIZE(sample->inlines),
		.inlines = sample->inlines,
	};
}

struct pieces {
	size_t n;
	size_t n_rows;
	size_t n_inner;
	uint64_t end_vaddr;
	int answer;
};

static int on_piece(const struct symbol_function *piece, void *pieces_pointer)
{
	struct pieces *pieces = pieces_pointer;

	assert_int_equal(piece->range.start_vaddr, pieces->end_vaddr);
	assert_int_equal(piece->name, 3);
	assert_int_equal(piece->rows[0].elf_vaddr, piece->range.start_vaddr);
	assert_int_equal(piece->start_line ? piece->start_line : piece->rows[0].line, 100);
	/* what goes over the border is in both */
	assert_int_equal(piece->inlines[0].name, OUTER_INLINE);
	assert_int_equal(piece->inlines[0].ranges[0].start_vaddr, piece->range.start_vaddr);
	assert_int_equal(piece->inlines[0].ranges[0].end_vaddr, piece->range.end_vaddr);
	for (size_t i = 1; i < piece->n_inlines; i++) {
		assert_int_equal(piece->inlines[i].name, INNER_INLINE);
		assert_true(piece->inlines[i].ranges[0].start_vaddr >= piece->range.start_vaddr);
		assert_true(piece->inlines[i].ranges[0].end_vaddr <= piece->range.end_vaddr);
	}
	pieces->n++;
	pieces->n_rows += piece->n_rows;
	pieces->n_inner += piece->n_inlines - 1;
	pieces->end_vaddr = piece->range.end_vaddr;
	return pieces->answer;
}

static void pieces_follow_one_another_and_lose_nothing(void **state)
{
	struct pieces pieces = { .end_vaddr = START_VADDR };
	struct sample sample;

	(void)state;
	make_sample(&sample);
	assert_int_equal(symbol_function_split(&sample.function, on_piece, &pieces), 0);
	assert_in_range(pieces.n, 8, 32);
	assert_int_equal(pieces.n_rows, N_ROWS);
	assert_int_equal(pieces.n_inner, N_ROWS / 10);
	assert_int_equal(pieces.end_vaddr, sample.function.range.end_vaddr);
}

static void a_small_function_stays_whole(void **state)
{
	struct pieces pieces = { .end_vaddr = START_VADDR };
	struct sample sample;

	(void)state;
	make_sample(&sample);
	sample.function.n_rows = 20;
	sample.function.n_inlines = 3;
	assert_int_equal(symbol_function_split(&sample.function, on_piece, &pieces), 0);
	assert_int_equal(pieces.n, 1);
	assert_int_equal(pieces.n_rows, 20);
}

static void cuts_nothing_between_rows_of_the_same_address(void **state)
{
	struct pieces pieces = { .end_vaddr = START_VADDR };
	struct sample sample;

	(void)state;
	make_sample(&sample);
	for (size_t i = 0; i < N_ROWS; i++)
		sample.rows[i].elf_vaddr = START_VADDR;
	assert_int_equal(symbol_function_split(&sample.function, on_piece, &pieces), 0);
	assert_int_equal(pieces.n, 1);
}

static int count_inlines(const struct symbol_function *piece, void *pieces_pointer)
{
	struct pieces *pieces = pieces_pointer;

	pieces->n++;
	pieces->n_inner += piece->n_inlines;
	return 0;
}

/* One inlined function lies right in the middle. */
static void cuts_where_the_least_is_inlined(void **state)
{
	struct pieces pieces = { 0 };
	struct sample sample;

	(void)state;
	make_sample(&sample);
	sample.function.n_rows = 200;
	sample.function.range.end_vaddr = sample.rows[200].elf_vaddr;
	sample.outer.start_vaddr = sample.rows[90].elf_vaddr;
	sample.outer.end_vaddr = sample.rows[110].elf_vaddr;
	sample.function.n_inlines = 1;
	assert_int_equal(symbol_function_split(&sample.function, count_inlines, &pieces), 0);
	assert_int_equal(pieces.n, 2);
	assert_int_equal(pieces.n_inner, 1);
}

static void ends_with_what_a_piece_is_answered(void **state)
{
	struct pieces pieces = { .end_vaddr = START_VADDR, .answer = -EFBIG };
	struct sample sample;

	(void)state;
	make_sample(&sample);
	assert_int_equal(symbol_function_split(&sample.function, on_piece, &pieces), -EFBIG);
	assert_int_equal(pieces.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_follow_one_another_and_lose_nothing),
		cmocka_unit_test(a_small_function_stays_whole),
		cmocka_unit_test(cuts_nothing_between_rows_of_the_same_address),
		cmocka_unit_test(cuts_where_the_least_is_inlined),
		cmocka_unit_test(ends_with_what_a_piece_is_answered),
	};

	return cmocka_run_group_tests_name("symbol split", tests, NULL, NULL);
}
