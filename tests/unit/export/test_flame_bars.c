/* SPDX-License-Identifier: Apache-2.0 */
#include "export/flame_bars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/call_tree.h"
#include "known_profile.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

#define ANY_NUMBER 1000000

DEFINE_CLEANUP(struct profile *, profile_free)

struct picture {
	struct profile *profiles[CALL_TREE_SIDES];
	struct call_tree tree;
	struct flame_bars bars;
};

static void picture_fini(struct picture *picture)
{
	flame_bars_fini(&picture->bars);
	call_tree_fini(&picture->tree);
	profile_free(picture->profiles[0]);
	profile_free(picture->profiles[1]);
}

/* Draw the profiles of @picture, by counts. */
static void draw(struct picture *picture, size_t n_sides, size_t max_bars)
{
	assert_int_equal(call_tree_init(&picture->tree), 0);
	for (size_t side = 0; side < n_sides; side++)
		assert_int_equal(
			call_tree_add(&picture->tree, side, picture->profiles[side], PROFILE_COUNT),
			0);
	call_tree_sum_up(&picture->tree);
	assert_int_equal(flame_bars_init(&picture->tree, n_sides, max_bars, &picture->bars), 0);
}

static void expect_level(const struct flame_bars *bars, size_t level_i, const int64_t *values,
			 size_t n_values)
{
	const struct flame_level *level = &bars->levels[level_i];

	assert_true(level_i < bars->n_levels);
	assert_int_equal(level->n_values, n_values);
	for (size_t i = 0; i < n_values; i++)
		assert_int_equal(bars->values[level->first_value + i], values[i]);
}

#define EXPECT_LEVEL(bars, level_i, ...)                                                           \
	expect_level((bars), (level_i), (const int64_t[]){ __VA_ARGS__ },                          \
		     sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static void are_one_level_without_samples(void **state)
{
	_cleanup_(picture_fini) struct picture picture = { 0 };

	(void)state;
	assert_int_equal(profile_new(&picture.profiles[0]), 0);
	draw(&picture, 1, ANY_NUMBER);
	assert_int_equal(picture.bars.n_levels, 1);
	EXPECT_LEVEL(&picture.bars, 0, 0, 0, 0, 0);
	assert_int_equal(picture.bars.n_names, 1);
	assert_string_equal(picture.bars.names[0], "total");
}

static void lie_beneath_their_callers(void **state)
{
	static const char *const names[] = {
		"total", "__libc_start_main", "asm_exc_page_fault", NULL, "main", NULL, "memcpy",
		"serve", "parse<std::string>"
	};
	_cleanup_(picture_fini) struct picture picture = { .profiles = { known_profile_new() } };

	(void)state;
	draw(&picture, 1, ANY_NUMBER);
	assert_int_equal(picture.bars.n_levels, 6);
	EXPECT_LEVEL(&picture.bars, 0, 0, 61, 1, 0);
	EXPECT_LEVEL(&picture.bars, 1, 0, 59, 0, 1, 0, 1, 1, 2);
	EXPECT_LEVEL(&picture.bars, 2, 0, 3, 3, 3, 0, 56, 0, 4);
	EXPECT_LEVEL(&picture.bars, 3, 3, 5, 5, 5, 0, 9, 0, 6, 0, 42, 0, 7);
	EXPECT_LEVEL(&picture.bars, 4, 8, 9, 9, 2, 0, 42, 27, 8);
	EXPECT_LEVEL(&picture.bars, 5, 17, 15, 15, 6);
	assert_int_equal(picture.bars.max_self, 27);
	assert_int_equal(picture.bars.n_names, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < picture.bars.n_names; i++) {
		if (names[i])
			assert_string_equal(picture.bars.names[i], names[i]);
	}
}

static void keep_their_totals_when_small_ones_are_left_out(void **state)
{
	_cleanup_(picture_fini) struct picture picture = { .profiles = { known_profile_new() } };

	(void)state;
	draw(&picture, 1, 2);
	assert_int_equal(picture.bars.n_levels, 4);
	EXPECT_LEVEL(&picture.bars, 0, 0, 61, 1, 0);
	EXPECT_LEVEL(&picture.bars, 1, 0, 59, 0, 1, 0, 1, 1, 2);
	EXPECT_LEVEL(&picture.bars, 2, 0, 56, 0, 3, 0, 3, 3, 2);
	EXPECT_LEVEL(&picture.bars, 3, 0, 56, 56, 2);
	assert_string_equal(picture.bars.names[2], "other");
	assert_int_equal(picture.bars.max_self, 56);
}

/* Sum up self, and count the bars that are not called "other". */
static int64_t sum_of_selves(const struct flame_bars *bars, size_t *ret_n_bars)
{
	int64_t sum = 0;

	*ret_n_bars = 0;
	for (size_t i = 0; i < bars->n_values; i += 4) {
		sum += bars->values[i + 2];
		*ret_n_bars += strcmp(bars->names[bars->values[i + 3]], "other") != 0;
	}
	return sum;
}

static void are_no_more_than_wanted(void **state)
{
	static const size_t limits[] = { 0, 1, 10, 100, 1000, ANY_NUMBER };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		_cleanup_(picture_fini) struct picture picture = {
			.profiles = { known_profile_new_large(500, 20) },
		};
		size_t n_bars;

		draw(&picture, 1, limits[i]);
		assert_int_equal(sum_of_selves(&picture.bars, &n_bars), 500);
		assert_true(n_bars <= limits[i] + 1);
		assert_true(limits[i] > 1000 || n_bars == limits[i] + 1);
	}
}

static void have_two_sides_when_two_profiles_are_compared(void **state)
{
	_cleanup_(picture_fini) struct picture picture = {
		.profiles = { known_profile_new(), known_profile_new() },
	};

	(void)state;
	for (size_t i = 1; i < picture.profiles[1]->n_samples; i++)
		picture.profiles[1]->samples[i].count = 0;
	draw(&picture, 2, ANY_NUMBER);
	EXPECT_LEVEL(&picture.bars, 0, 0, 61, 1, 0, 20, 0, 0);
	EXPECT_LEVEL(&picture.bars, 1, 0, 59, 0, 0, 20, 0, 1, 0, 1, 1, 0, 0, 0, 2);
	EXPECT_LEVEL(&picture.bars, 4, 8, 9, 9, 0, 0, 0, 2, 0, 42, 27, 0, 20, 20, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_one_level_without_samples),
		cmocka_unit_test(lie_beneath_their_callers),
		cmocka_unit_test(keep_their_totals_when_small_ones_are_left_out),
		cmocka_unit_test(are_no_more_than_wanted),
		cmocka_unit_test(have_two_sides_when_two_profiles_are_compared),
	};

	return cmocka_run_group_tests_name("flame bars", tests, NULL, NULL);
}
