/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

static const struct label api[] = { { "comm", "api" }, { "exe", "" }, { "pid", "7" } };
static const struct label other[] = { { "comm", "api" }, { "exe", "/api" }, { "pid", "8" } };

static uint32_t add(struct label_groups *groups, const struct label *labels, size_t n_labels)
{
	uint32_t group;

	assert_int_equal(label_groups_add(groups, labels, n_labels, &group), 0);
	return group;
}

static void knows_a_combination_again(void **state)
{
	static const char *const names[] = { "comm", "exe" };
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;

	(void)state;
	assert_int_equal(label_groups_new(names, ARRAY_SIZE(names), &groups), 0);
	assert_int_equal(label_groups_count(groups), 0);
	assert_int_equal(add(groups, api, ARRAY_SIZE(api)), 0);
	assert_int_equal(add(groups, other, ARRAY_SIZE(other)), 1);
	assert_int_equal(add(groups, api, 2), 0);
	assert_int_equal(label_groups_count(groups), 2);
	assert_int_equal(label_groups_get(groups, 0)->n_labels, 1);
	assert_int_equal(label_groups_get(groups, 1)->n_labels, 2);
	assert_string_equal(label_group_value(label_groups_get(groups, 1), "exe"), "/api");
	assert_string_equal(label_group_value(label_groups_get(groups, 0), "exe"), "");
}

static void tells_groups_apart_whatever_their_texts_hold(void **state)
{
	static const struct label hostile[][2] = {
		{ { "a", "b1:c" }, { "d", "" } }, { { "a", "b" }, { "c", "1:" } },
		{ { "a", "b1" }, { "c", ":" } },  { { "a", "b,c=\"1\"" }, { "d", "" } },
		{ { "a", "" }, { "d", "" } },
	};
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;

	(void)state;
	assert_int_equal(label_groups_new(NULL, LABEL_GROUPS_BY_ALL, &groups), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(hostile); i++)
		assert_int_equal(add(groups, hostile[i], 2), i);
	for (uint32_t i = 0; i < ARRAY_SIZE(hostile); i++)
		assert_int_equal(add(groups, hostile[i], 2), i);
	assert_in_range(label_groups_bytes(groups), 1, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_combination_again),
		cmocka_unit_test(tells_groups_apart_whatever_their_texts_hold),
	};

	return cmocka_run_group_tests_name("label groups", tests, NULL, NULL);
}
