/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void gives_pieces_that_are_aligned_and_apart(void **state)
{
	struct arena arena = { 0 };
	char *pieces[500];

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		pieces[i] = arena_alloc(&arena, i + 1);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t k = 0; k <= i; k++)
			assert_int_equal((unsigned char)pieces[i][k], i & 0xff);
	}
	arena_fini(&arena);
}

static void takes_pieces_larger_than_a_block(void **state)
{
	struct arena arena = { 0 };
	char *large = arena_alloc(&arena, 1 << 20);

	(void)state;
	assert_non_null(large);
	memset(large, 1, 1 << 20);
	assert_in_range(arena.bytes, 1 << 20, (1 << 20) + 4096);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	arena_fini(&arena);
}

static void copies_texts_as_valid_utf8(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(arena_copy_text(&arena, "a\xff"
						    "b"),
			    "a?b");
	assert_string_equal(arena_copy_text(&arena, ""), "");
	arena_fini(&arena);
}

static void starts_small(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_non_null(arena_alloc(&arena, 1));
	assert_int_equal(arena.bytes, 4096);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_pieces_that_are_aligned_and_apart),
		cmocka_unit_test(takes_pieces_larger_than_a_block),
		cmocka_unit_test(copies_texts_as_valid_utf8),
		cmocka_unit_test(starts_small),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
