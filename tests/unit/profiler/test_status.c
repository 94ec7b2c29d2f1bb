/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <ctype.h>
#include <cmocka.h>

/* A value of a label in /metrics: lower case, as promtool and people expect it. */
static void assert_is_word(const char *word)
{
	assert_non_null(word);
	assert_true(islower((unsigned char)word[0]));
	for (const char *c = word; *c; c++)
		assert_true(islower((unsigned char)*c) || *c == '_');
}

static void has_a_word_for_every_number(void **state)
{
	(void)state;
	for (int i = 0; i < ROLE_COUNT; i++)
		assert_is_word(role_names[i]);
	for (int i = 0; i < DROP_REASON_COUNT; i++)
		assert_is_word(drop_reason_names[i]);
	for (int i = 0; i < STACK_OUTCOME_COUNT; i++)
		assert_is_word(stack_outcome_names[i]);
	for (int i = 0; i < NAMES_STATE_COUNT; i++)
		assert_is_word(names_state_names[i]);
	for (int i = 0; i < BUILD_OUTCOME_COUNT; i++)
		assert_is_word(build_outcome_names[i]);
}

static void accounts_for_every_tick(void **state)
{
	struct sampler_status sampler = {
		.ticks = 1000,
		.idle = 600,
		.dropped = { [DROP_RING_FULL] = 7, [DROP_SERVER_LOST] = 3 },
		.stored_before = 100,
	};
	struct store_status store = { .stored = 250, .dropped_full = 30 };
	struct status status;
	uint64_t accounted;

	(void)state;
	status_join(&sampler, &store, &status);
	assert_int_equal(status.store.stored, 350);
	assert_int_equal(status.sampler.dropped[DROP_STORE_FULL], 30);
	assert_int_equal(status.in_flight, 10);
	accounted = status.sampler.idle + status.store.stored + status.in_flight;
	for (int i = 0; i < DROP_REASON_COUNT; i++)
		accounted += status.sampler.dropped[i];
	assert_int_equal(accounted, sampler.ticks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_word_for_every_number),
		cmocka_unit_test(accounts_for_every_tick),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
