/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window_moments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define MOST 5000

static int decode(const struct buffer *bytes, struct window_moment **ret_moments, size_t *ret_n)
{
	return window_moments_decode(bytes->data, bytes->size, ret_moments, ret_n);
}

/* As they may be: of 200 threads, and in any order. */
static void make_moments(unsigned int seed, struct window_moment *moments, size_t n_moments)
{
	uint64_t random = seed * 2654435761U + 1;

	for (size_t i = 0; i < n_moments; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		moments[i] = (struct window_moment){
			.thread = (uint32_t)(random >> 33) % 200,
			.stack = (uint32_t)(random >> 50) % 20,
			.second = (uint32_t)(random >> 37) % 10,
			.off_ns = (uint32_t)(random >> 20) % 1000000000,
			.cpu = (uint32_t)(random >> 60),
			.count = 1 + (random >> 63),
		};
	}
}

static void comes_back_sorted(void **state)
{
	struct window_moment *moments = calloc(MOST, sizeof(*moments));

	(void)state;
	for (unsigned int seed = 0; seed < 20; seed++) {
		_cleanup_(buffer_fini) struct buffer bytes = { 0 };
		_cleanup_(freep) struct window_moment *found = NULL;
		size_t n_moments = seed * 250, n_found;

		make_moments(seed, moments, n_moments);
		assert_int_equal(window_moments_encode(moments, n_moments, &bytes), 0);
		assert_int_equal(decode(&bytes, &found, &n_found), 0);
		assert_int_equal(n_found, n_moments);
		assert_memory_equal(found, moments, n_moments * sizeof(*moments));
		for (size_t i = 1; i < n_found; i++)
			assert_true(found[i - 1].thread < found[i].thread ||
				    (found[i - 1].thread == found[i].thread &&
				     found[i - 1].stack <= found[i].stack));
	}
	free(moments);
}

static void what_is_damaged_is_refused(void **state)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct window_moment moments[100], *found = NULL;
	size_t n_found;

	(void)state;
	make_moments(1, moments, 100);
	assert_int_equal(window_moments_encode(moments, 100, &bytes), 0);
	bytes.size--;
	assert_int_equal(decode(&bytes, &found, &n_found), -EBADMSG);
	bytes.size = 0;
	assert_int_equal(decode(&bytes, &found, &n_found), -EBADMSG);
	assert_null(found);
}

static void a_time_outside_of_its_second_or_no_count_is_damage(void **state)
{
	static const struct window_moment examples[] = {
		{ .off_ns = 1000000000, .count = 1 },
		{ .off_ns = 999999999, .count = 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_(buffer_fini) struct buffer bytes = { 0 };
		struct window_moment moment = examples[i], *found = NULL;
		size_t n_found;

		assert_int_equal(window_moments_encode(&moment, 1, &bytes), 0);
		assert_int_equal(decode(&bytes, &found, &n_found), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_sorted),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(a_time_outside_of_its_second_or_no_count_is_damage),
	};

	return cmocka_run_group_tests_name("window_moments", tests, NULL, NULL);
}
