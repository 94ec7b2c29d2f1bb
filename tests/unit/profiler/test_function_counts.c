/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/function_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

#define MS   1000000ULL
#define HOUR (3600LL * 1000 * 1000 * 1000)

static void add(struct function_counts *counts, const char *function, uint64_t cpu_ns,
		int64_t now_ns)
{
	struct function_sum sum = { "api", function, cpu_ns };

	assert_int_equal(function_counts_add(counts, &sum, 1, now_ns), 0);
}

/* What is counted for a function, or -1: it is not listed. */
static int64_t counted(const struct function_counts *counts, const char *function)
{
	for (size_t i = 0; i < counts->n_items; i++) {
		if (!strcmp(counts->items[i].function, function) && counts->items[i].listed_ns)
			return (int64_t)counts->items[i].cpu_ns;
	}
	return -1;
}

static void counts_what_a_function_uses_once_it_is_listed(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 2 };
	struct function_sum sums[] = { { "api", "a", 10 * MS }, { "api", "a", 20 * MS } };

	(void)state;
	assert_int_equal(function_counts_add(&counts, sums, 2, 1), 0);
	assert_int_equal(counted(&counts, "a"), 30 * MS);
	add(&counts, "a", 7, 2);
	add(&counts, "b", 5 * MS, 3);
	add(&counts, "a", 5, 4);
	assert_int_equal(counted(&counts, "a"), 30 * MS + 12);
	assert_int_equal(counted(&counts, "b"), 5 * MS);
	assert_int_equal(counts.n_listed, 2);
}

static void functions_of_two_services_are_two(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 1 };
	struct function_sum sums[] = { { "web", "a", 10 * MS },
				       { "api", "a", 20 * MS },
				       { "api", "b", 10 * MS } };

	(void)state;
	assert_int_equal(function_counts_add(&counts, sums, ARRAY_SIZE(sums), 1), 0);
	assert_int_equal(counts.n_listed, 2);
	assert_string_equal(counts.items[0].service, "api");
	assert_int_equal(counted(&counts, "b"), -1);
}

static void a_little_more_does_not_suffice_to_enter(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 1 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct function_sum sums[] = { { "api", "in", 100 * MS },
					       { "api", "out", 140 * MS } };

		if (i == 0)
			add(&counts, "in", 100 * MS, 1);
		assert_int_equal(function_counts_add(&counts, sums, 2, i * HOUR + 1), 0);
	}
	assert_int_equal(counted(&counts, "in"), 101 * 100 * MS);
	assert_int_equal(counted(&counts, "out"), -1);
}

static void who_uses_clearly_more_enters_but_not_at_once(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 1 };
	const int64_t second = 1000 * (int64_t)MS;

	(void)state;
	add(&counts, "in", 100 * MS, second);
	add(&counts, "out", 900 * MS, second + FUNCTION_STAY_NS - 1);
	assert_int_equal(counted(&counts, "in"), 100 * MS);
	add(&counts, "out", 900 * MS, second + FUNCTION_STAY_NS);
	assert_int_equal(counted(&counts, "in"), -1);
	assert_int_equal(counted(&counts, "out"), 900 * MS);
	add(&counts, "out", 3 * MS, second + FUNCTION_STAY_NS + 1);
	assert_int_equal(counted(&counts, "out"), 903 * MS);
	assert_int_equal(counts.n_listed, 1);
}

static void who_uses_nothing_leaves_and_is_forgotten(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 1 };

	(void)state;
	add(&counts, "a", 100 * MS, 1);
	for (int i = 1; i < 40; i++)
		assert_int_equal(function_counts_add(&counts, NULL, 0, i * HOUR), 0);
	assert_int_equal(counts.n_items, 0);
	assert_int_equal(counts.n_listed, 0);
}

static void a_counter_never_goes_back_while_it_is_there(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 3 };
	uint64_t last[8] = { 0 };
	int64_t since[8] = { 0 };
	uint32_t random = 1;

	(void)state;
	for (int turn = 1; turn < 3000; turn++) {
		struct function_sum sums[8];
		char names[8][2];

		for (size_t i = 0; i < 8; i++) {
			random = random * 1664525 + 1013904223;
			names[i][0] = (char)('a' + i);
			names[i][1] = '\0';
			sums[i] = (struct function_sum){ "api", names[i], (random >> 12) * 100 };
		}
		assert_int_equal(function_counts_add(&counts, sums, 8, turn * FUNCTION_STAY_NS / 3),
				 0);
		assert_in_range(counts.n_listed, 0, 3);
		for (size_t i = 0; i < counts.n_items; i++) {
			const struct function_count *item = &counts.items[i];
			size_t at = (size_t)(item->function[0] - 'a');

			if (item->listed_ns && item->listed_ns == since[at])
				assert_true(item->cpu_ns >= last[at]);
			since[at] = item->listed_ns;
			last[at] = item->cpu_ns;
		}
	}
}

static void the_bound_holds_and_counts_who_it_refuses(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 100 };
	static char names[FUNCTION_WATCHED_MAX + 5][16];
	static struct function_sum sums[FUNCTION_WATCHED_MAX + 5];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		sums[i] = (struct function_sum){ names[i % 20], names[i], 10 * MS };
	}
	assert_int_equal(function_counts_add(&counts, sums, ARRAY_SIZE(sums), 1), 0);
	assert_int_equal(counts.n_listed, FUNCTION_SERIES_MAX);
	assert_int_equal(counts.n_items, FUNCTION_WATCHED_MAX);
	assert_int_equal(counts.n_refused, 5 + 10); /* and one for each service without a place */
}

static void names_that_are_cut_alike_are_one(void **state)
{
	_cleanup_(function_counts_fini) struct function_counts counts = { .n_of_service = 10 };
	char a[400], b[400];
	struct function_sum sums[] = { { "api", a, 10 * MS }, { "api", b, 10 * MS } };

	(void)state;
	memset(a, 'x', sizeof(a));
	memcpy(a + 254, "\xc3\xa9", 2);
	a[399] = '\0';
	memcpy(b, a, sizeof(b));
	b[255] = (char)0xa8;
	assert_int_equal(function_counts_add(&counts, sums, 2, 1), 0);
	assert_int_equal(counts.n_items, 1);
	assert_int_equal(strlen(counts.items[0].function), 254);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_a_function_uses_once_it_is_listed),
		cmocka_unit_test(functions_of_two_services_are_two),
		cmocka_unit_test(a_little_more_does_not_suffice_to_enter),
		cmocka_unit_test(who_uses_clearly_more_enters_but_not_at_once),
		cmocka_unit_test(who_uses_nothing_leaves_and_is_forgotten),
		cmocka_unit_test(a_counter_never_goes_back_while_it_is_there),
		cmocka_unit_test(the_bound_holds_and_counts_who_it_refuses),
		cmocka_unit_test(names_that_are_cut_alike_are_one),
	};

	return cmocka_run_group_tests_name("function_counts", tests, NULL, NULL);
}
