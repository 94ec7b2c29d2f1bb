/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/clock.h"

static void starts_on_the_second(void **state)
{
	(void)state;
	assert_int_equal(window_start_of(0), 0);
	assert_int_equal(window_start_of(NS_PER_SECOND - 1), 0);
	assert_int_equal(window_start_of(NS_PER_SECOND), NS_PER_SECOND);
	assert_int_equal(window_start_of(-1), -NS_PER_SECOND);
	assert_int_equal(window_start_of(-NS_PER_SECOND), -NS_PER_SECOND);
}

static void keeps_samples_in_order_where_they_are(void **state)
{
	struct window *window;
	const struct window_sample *first;
	const struct window_block *block;

	(void)state;
	assert_int_equal(window_new(0, NULL, &window), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		struct window_sample sample = { .time_off_ns = i };

		assert_int_equal(window_add(window, &sample), 0);
		if (i == 0)
			first = &window->first->samples[0];
	}
	assert_int_equal(window->n_samples, 1000);
	assert_ptr_equal(first, &window->first->samples[0]);
	block = window->first;
	for (uint32_t i = 0; i < 1000; i++) {
		if (i && i % WINDOW_BLOCK_SAMPLES == 0)
			block = block->next;
		assert_int_equal(block->samples[i % WINDOW_BLOCK_SAMPLES].time_off_ns, i);
	}
	assert_null(block->next);
	assert_in_range(window_bytes(window), 32000, 34000);
	window_free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_on_the_second),
		cmocka_unit_test(keeps_samples_in_order_where_they_are),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
