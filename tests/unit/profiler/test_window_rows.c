/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window_rows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"

#define PERIOD 10101010

/* A window, there and back. */
struct there_and_back {
	struct buffer totals, seconds;
	struct window_rows rows;
};

static void encode(struct there_and_back *window, const struct window_entry *entries, size_t n)
{
	assert_int_equal(window_rows_encode(entries, n, PERIOD, &window->totals, &window->seconds),
			 0);
}

static int decode(struct there_and_back *window)
{
	int r;

	r = window_rows_decode(&window->rows, window->totals.data, window->totals.size);
	if (r < 0)
		return r;
	return window_rows_decode_seconds(&window->rows, window->seconds.data,
					  window->seconds.size);
}

static void forget(struct there_and_back *window)
{
	buffer_fini(&window->totals);
	buffer_fini(&window->seconds);
	window_rows_fini(&window->rows);
	*window = (struct there_and_back){ 0 };
}

static void equal_entries_are_added_up(void **state)
{
	struct window_entry entries[] = {
		{ .thread = 2, .stack = 1, .second = 3, .count = 1, .value = 10 },
		{ .thread = 1, .stack = 9, .second = 0, .count = 1, .value = 10 },
		{ .thread = 2, .stack = 1, .second = 3, .count = 2, .value = 25 },
		{ .thread = 2, .stack = 1, .second = 2, .count = 1, .value = 10 },
		{ .thread = 2, .stack = 1, .second = 9, .count = 0, .value = 0 },
	};

	(void)state;
	assert_int_equal(window_entries_sum(entries, 5), 3);
	assert_int_equal(entries[0].thread, 1);
	assert_int_equal(entries[1].second, 2);
	assert_int_equal(entries[2].second, 3);
	assert_int_equal(entries[2].count, 3);
	assert_int_equal(entries[2].value, 35);
}

static void an_empty_window_is_one_too(void **state)
{
	struct there_and_back window = { 0 };

	(void)state;
	encode(&window, NULL, 0);
	assert_int_equal(decode(&window), 0);
	assert_int_equal(window.rows.n_rows, 0);
	assert_int_equal(window.rows.n_entries, 0);
	forget(&window);
}

/* Entries as they may be: few threads have most of them. */
static size_t make_entries(unsigned int seed, struct window_entry *entries, size_t n_entries)
{
	uint64_t random = seed * 2654435761U + 1;

	for (size_t i = 0; i < n_entries; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		entries[i] = (struct window_entry){
			.thread = (uint32_t)(random >> 33 & random >> 43) % 1000,
			.stack = (uint32_t)(random >> 40) % 50000,
			.second = (uint32_t)(random >> 37) % 10,
			.count = 1 + (random >> 61),
		};
		entries[i].value = entries[i].count * PERIOD + (random % 100 == 0 ? random : 0);
	}
	return window_entries_sum(entries, n_entries);
}

static void assert_entries(const struct window_entry *entries, const struct window_entry *expected,
			   size_t n_entries)
{
	for (size_t i = 0; i < n_entries; i++) {
		assert_int_equal(entries[i].thread, expected[i].thread);
		assert_int_equal(entries[i].stack, expected[i].stack);
		assert_int_equal(entries[i].second, expected[i].second);
		assert_true(entries[i].count == expected[i].count);
		assert_true(entries[i].value == expected[i].value);
	}
}

static void comes_back_as_it_was(void **state)
{
	enum { MOST = 5000 };
	struct window_entry *entries = calloc(MOST, sizeof(*entries));
	struct there_and_back window = { 0 };

	(void)state;
	for (unsigned int seed = 0; seed < 20; seed++) {
		size_t n_entries = make_entries(seed, entries, 1 + seed * 250);
		uint64_t value = 0, of_rows = 0;

		encode(&window, entries, n_entries);
		assert_int_equal(decode(&window), 0);
		assert_int_equal(window.rows.n_entries, n_entries);
		assert_entries(window.rows.entries, entries, n_entries);
		for (size_t i = 0; i < n_entries; i++)
			value += entries[i].value;
		for (size_t i = 0; i < window.rows.n_rows; i++)
			of_rows += window.rows.rows[i].value;
		assert_true(value == of_rows);
		forget(&window);
	}
	free(entries);
}

static void room_is_used_again(void **state)
{
	enum { MOST = 2000 };
	struct window_entry *entries = calloc(MOST, sizeof(*entries));
	struct window_rows rows = { 0 };

	(void)state;
	for (size_t most = MOST; most > 0; most /= 4) {
		struct buffer totals = { 0 }, seconds = { 0 };
		size_t n_entries = make_entries(1, entries, most);

		assert_int_equal(window_rows_encode(entries, n_entries, PERIOD, &totals, &seconds),
				 0);
		assert_int_equal(window_rows_decode(&rows, totals.data, totals.size), 0);
		assert_int_equal(rows.n_entries, 0);
		assert_int_equal(window_rows_decode_seconds(&rows, seconds.data, seconds.size), 0);
		assert_int_equal(rows.n_entries, n_entries);
		assert_entries(rows.entries, entries, n_entries);
		assert_int_equal(window_rows_decode(&rows, seconds.data, 3), -EBADMSG);
		assert_int_equal(rows.n_rows + rows.n_entries, 0);
		buffer_fini(&totals);
		buffer_fini(&seconds);
	}
	window_rows_fini(&rows);
	free(entries);
}

static void what_is_clipped_adds_up_to_all(void **state)
{
	enum { MOST = 2000 };
	struct window_entry *entries = calloc(MOST, sizeof(*entries));
	size_t n_entries = make_entries(3, entries, MOST);
	uint64_t counts[2] = { 0 }, values[2] = { 0 };

	(void)state;
	for (int64_t second = -1; second <= 10; second++) {
		struct there_and_back window = { 0 };

		encode(&window, entries, n_entries);
		assert_int_equal(decode(&window), 0);
		window_rows_clip(&window.rows, second, second + 1);
		for (size_t i = 0; i < window.rows.n_rows; i++) {
			assert_true(!i ||
				    window.rows.rows[i - 1].thread <= window.rows.rows[i].thread);
			counts[0] += window.rows.rows[i].count;
			values[0] += window.rows.rows[i].value;
		}
		for (size_t i = 0; i < window.rows.n_entries; i++)
			assert_int_equal(window.rows.entries[i].second, second);
		forget(&window);
	}
	for (size_t i = 0; i < n_entries; i++) {
		counts[1] += entries[i].count;
		values[1] += entries[i].value;
	}
	assert_true(counts[0] == counts[1]);
	assert_true(values[0] == values[1]);
	free(entries);
}

static void what_is_damaged_is_refused(void **state)
{
	struct window_entry entries[300];
	size_t n_entries = make_entries(1, entries, 300);
	struct there_and_back window = { 0 };

	(void)state;
	encode(&window, entries, n_entries);
	window.totals.size--;
	assert_int_equal(decode(&window), -EBADMSG);
	forget(&window);
	encode(&window, entries, n_entries);
	window.seconds.size--;
	assert_int_equal(decode(&window), -EBADMSG);
	forget(&window);
}

static void seconds_of_other_rows_are_refused(void **state)
{
	struct window_entry entries[] = {
		{ .thread = 1, .stack = 1, .second = 0, .count = 1, .value = PERIOD },
		{ .thread = 1, .stack = 2, .second = 5, .count = 1, .value = PERIOD },
	};
	struct there_and_back window = { 0 }, other = { 0 };

	(void)state;
	encode(&window, entries, 2);
	entries[1].count = 2;
	encode(&other, entries, 2);
	buffer_fini(&window.seconds);
	buffer_append(&window.seconds, other.seconds.data, other.seconds.size);
	assert_int_equal(decode(&window), -EBADMSG);
	forget(&window);
	forget(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_entries_are_added_up),
		cmocka_unit_test(an_empty_window_is_one_too),
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(room_is_used_again),
		cmocka_unit_test(what_is_clipped_adds_up_to_all),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(seconds_of_other_rows_are_refused),
	};

	return cmocka_run_group_tests_name("window_rows", tests, NULL, NULL);
}
