/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/shard_space.h"

#include <errno.h>

#include "bpf/unwind_shard.h"
#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct shard_space *, shard_space_free)

enum { UNITS = UNWIND_SHARD_BYTES / 8 };

static struct shard_space *make(uint32_t max_shards)
{
	struct shard_space *space;

	assert_int_equal(shard_space_new(max_shards, &space), 0);
	return space;
}

static void never_gives_out_the_offset_that_means_no_code(void **state)
{
	_cleanup_(shard_space_freep) struct shard_space *space = make(1);
	uint32_t off;

	(void)state;
	assert_int_equal(shard_space_take(space, 8, &off), 0);
	assert_int_not_equal(off, 0);
}

static void puts_no_piece_across_two_shards(void **state)
{
	_cleanup_(shard_space_freep) struct shard_space *space = make(4);
	const size_t size = UNWIND_SHARD_BYTES / 3;

	(void)state;
	for (int i = 0; i < 8; i++) {
		uint32_t off;

		assert_int_equal(shard_space_take(space, size, &off), 0);
		assert_int_equal(off / UNITS, (off + size / 8 - 1) / UNITS);
	}
}

static void takes_no_more_than_its_bound(void **state)
{
	_cleanup_(shard_space_freep) struct shard_space *space = make(2);
	const size_t whole = UNWIND_SHARD_BYTES - 8;
	uint32_t off;

	(void)state;
	assert_int_equal(shard_space_take(space, UNWIND_SHARD_BYTES, &off), -EFBIG);
	assert_int_equal(shard_space_take(space, whole, &off), 0);
	assert_int_equal(shard_space_take(space, whole, &off), 0);
	assert_int_equal(shard_space_take(space, whole, &off), -ENOSPC);
	assert_int_equal(shard_space_shard_count(space), 2);
}

static void gives_room_out_again_only_after_its_grace_period(void **state)
{
	_cleanup_(shard_space_freep) struct shard_space *space = make(1);
	const size_t whole = UNWIND_SHARD_BYTES - 8;
	uint32_t off;

	(void)state;
	assert_int_equal(shard_space_take(space, whole, &off), 0);
	shard_space_give(space, off, whole, 1000);
	assert_int_equal(shard_space_waiting_bytes(space), whole);
	shard_space_collect(space, 1000 + SHARD_GRACE_NS - 1);
	assert_int_equal(shard_space_take(space, whole, &off), -ENOSPC);
	shard_space_collect(space, 1000 + SHARD_GRACE_NS);
	assert_int_equal(shard_space_take(space, whole, &off), 0);
	assert_int_equal(shard_space_taken_bytes(space), whole);
}

/* The same sequence on every machine (Knuth's MMIX generator). */
static uint32_t next_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

/* A daemon that runs for a year: pieces of all sizes come and go, and at the end there is as much
 * room, in one piece, as at the start. */
static void is_whole_again_after_a_long_life(void **state)
{
	enum { PIECES = 64, ROUNDS = 20000 };
	_cleanup_(shard_space_freep) struct shard_space *space = make(3);
	uint32_t offs[PIECES] = { 0 };
	size_t sizes[PIECES] = { 0 };
	uint64_t seed = 7;
	int64_t now_ns = 0;
	uint32_t off;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t piece = next_number(&seed) % PIECES;

		now_ns += SHARD_GRACE_NS / 2;
		shard_space_collect(space, now_ns);
		if (sizes[piece])
			shard_space_give(space, offs[piece], sizes[piece], now_ns);
		sizes[piece] = 1 + next_number(&seed) % 20000;
		if (shard_space_take(space, sizes[piece], &offs[piece]) < 0)
			sizes[piece] = 0;
	}
	for (int piece = 0; piece < PIECES; piece++)
		if (sizes[piece])
			shard_space_give(space, offs[piece], sizes[piece], now_ns);
	shard_space_collect(space, now_ns + SHARD_GRACE_NS);
	assert_int_equal(shard_space_taken_bytes(space), 0);
	assert_int_equal(shard_space_waiting_bytes(space), 0);
	for (uint32_t i = 0; i < shard_space_shard_count(space); i++)
		assert_int_equal(shard_space_take(space, UNWIND_SHARD_BYTES - 8, &off), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_gives_out_the_offset_that_means_no_code),
		cmocka_unit_test(puts_no_piece_across_two_shards),
		cmocka_unit_test(takes_no_more_than_its_bound),
		cmocka_unit_test(gives_room_out_again_only_after_its_grace_period),
		cmocka_unit_test(is_whole_again_after_a_long_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
