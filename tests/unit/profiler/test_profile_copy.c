/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "tests/unit/profiler/profile_text.h"
#include "tests/unit/profiler/sums_fixture.h"

DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct store *, store_free)

static void add(struct profile *target, const struct profile *source)
{
	struct profile_copy copy;

	assert_int_equal(profile_copy_init(&copy, source, target), 0);
	profile_copy_description(&copy);
	assert_int_equal(profile_copy_samples(&copy), 0);
	profile_copy_fini(&copy);
}

/* What both have, added up. */
static struct profile *merged(const struct profile *a, const struct profile *b)
{
	struct profile *target;

	assert_int_equal(profile_new(&target), 0);
	add(target, a);
	add(target, b);
	return target;
}

static void copies_everything(void **state)
{
	static const char text[] = "comm=api,pid=1|main;work+inlined;hash 2\n"
				   "comm=db|main 1\n";
	_cleanup_(profile_freep) struct profile *source = profile_of_text(text), *target = NULL;
	const struct profile_moment moment = { 77, 2, 20, 0, 0, 1 };

	(void)state;
	assert_int_equal(profile_add_moment(source, &moment), 0);
	source->start_unix_ns = 5;
	source->period_ns = 7;
	assert_int_equal(profile_new(&target), 0);
	add(target, source);
	assert_profile_is(target, text);
	assert_int_equal(target->start_unix_ns, 5);
	assert_int_equal(target->period_ns, 7);
	assert_int_equal(target->n_moments, 1);
	assert_int_equal(target->moments[0].time_unix_ns, 77);
	assert_int_equal(target->n_locations, source->n_locations);
	assert_int_equal(target->n_mappings, source->n_mappings);
}

static void merges_in_any_order_to_the_same(void **state)
{
	_cleanup_(profile_freep) struct profile *a =
		profile_of_text("comm=x|m;f 1\ncomm=y|m;g 2\n");
	_cleanup_(profile_freep) struct profile *b = profile_of_text("comm=x|m;f 4\n|m;h+i 8\n");
	_cleanup_(profile_freep) struct profile *c =
		profile_of_text("comm=y|m;g 16\ncomm=z|f 32\n");
	_cleanup_(profile_freep) struct profile *ab = merged(a, b), *bc = merged(b, c);
	_cleanup_(profile_freep) struct profile *ab_c = merged(ab, c), *a_bc = merged(a, bc);
	_cleanup_(profile_freep) struct profile *cb = merged(c, b), *cb_a = merged(cb, a);

	(void)state;
	assert_profile_is(ab_c, "comm=x|m;f 5\ncomm=y|m;g 18\ncomm=z|f 32\n|m;h+i 8\n");
	assert_profile_is(a_bc, "comm=x|m;f 5\ncomm=y|m;g 18\ncomm=z|f 32\n|m;h+i 8\n");
	assert_profile_is(cb_a, "comm=x|m;f 5\ncomm=y|m;g 18\ncomm=z|f 32\n|m;h+i 8\n");
}

static struct profile *profile_of_range(struct store *store, int64_t start_ns, int64_t end_ns)
{
	const struct query query = { start_ns, end_ns };
	struct profile *profile;

	assert_int_equal(query_run(store, &query, &profile), 0);
	for (size_t i = 0; i < profile->n_samples; i++) /* as the text wants it */
		profile->samples[i].value = 10 * profile->samples[i].count;
	return profile;
}

static void makes_a_range_of_its_parts(void **state)
{
	_cleanup_(store_freep) struct store *store = sums_fixture_new();
	_cleanup_(profile_freep) struct profile *whole =
		profile_of_range(store, FIXTURE_START_NS, SUMS_END_NS);
	_cleanup_(freep) char *text = profile_to_text(whole);

	(void)state;
	assert_true(whole->n_samples > 50);
	for (int64_t cut = FIXTURE_START_NS; cut < SUMS_END_NS; cut += 3333333333) {
		_cleanup_(profile_freep) struct profile *before =
			profile_of_range(store, FIXTURE_START_NS, cut);
		_cleanup_(profile_freep) struct profile *after =
			profile_of_range(store, cut, SUMS_END_NS);
		_cleanup_(profile_freep) struct profile *sum = merged(before, after);

		assert_profile_is(sum, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_everything),
		cmocka_unit_test(merges_in_any_order_to_the_same),
		cmocka_unit_test(makes_a_range_of_its_parts),
	};

	return cmocka_run_group_tests_name("profile copy", tests, NULL, NULL);
}
