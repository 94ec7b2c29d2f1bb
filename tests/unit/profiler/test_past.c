/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "tests/unit/profiler/life.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* Else marks of that many frames would take more than a query may. */
static void a_frame_that_cannot_be_is_one_damage_and_no_end(void **state)
{
	struct life *life = *state;
	_cleanup_(database_closep) struct database *database = NULL;
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct query_budget budget;
	const struct query query = { .start_unix_ns = LIFE_START_S * NS_PER_SECOND,
				     .end_unix_ns = (LIFE_START_S + 60) * NS_PER_SECOND,
				     .budget = &budget };
	char path[128];

	life_add_samples(life, LIFE_START_S, 100);
	life_tick(life, INT64_MAX, LIFE_START_S + 60);
	life_end(life);
	snprintf(path, sizeof(path), "%s/history.sqlite", life->folder);
	assert_int_equal(database_open(&(struct database_options){ .path = path }, &database), 0);
	/* The number 2^26 − 1, alone (profiler/varint.h). */
	assert_int_equal(database_run(database, "UPDATE stack SET frames = x'ffffff1f'"), 0);
	database = database_close(database);
	life_begin(life);
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	assert_int_equal(query_run(life->store, &query, &profile), 0);
	assert_int_equal(profile->n_samples, 0);
	assert_int_equal(life_status(life).damaged, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_frame_that_cannot_be_is_one_damage_and_no_end,
						life_set_up, life_tear_down),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
