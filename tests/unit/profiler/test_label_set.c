/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"

static void keeps_each_name_once_and_all_in_order(void **state)
{
	_cleanup_(label_set_fini) struct label_set set = { 0 };

	(void)state;
	assert_int_equal(label_set_put(&set, "exe", "/bin/a"), 0);
	assert_int_equal(label_set_put(&set, "unit", "a.service"), 0);
	assert_int_equal(label_set_put(&set, "comm", "a"), 0);
	assert_int_equal(label_set_put(&set, "exe", "/bin/b"), 0);
	assert_int_equal(set.n_labels, 3);
	for (size_t i = 1; i < set.n_labels; i++)
		assert_true(strcmp(set.labels[i - 1].name, set.labels[i].name) < 0);
	assert_string_equal(label_set_get(&set, "exe"), "/bin/b");
	assert_string_equal(label_set_get(&set, "pod"), "");
}

static void takes_a_label_away_when_its_value_is_empty(void **state)
{
	_cleanup_(label_set_fini) struct label_set set = { 0 };

	(void)state;
	assert_int_equal(label_set_put(&set, "a", "1"), 0);
	assert_int_equal(label_set_put(&set, "b", "2"), 0);
	assert_int_equal(label_set_put(&set, "a", ""), 0);
	assert_int_equal(label_set_put(&set, "c", ""), 0);
	assert_int_equal(set.n_labels, 1);
	assert_string_equal(set.labels[0].name, "b");
}

static void may_copy_a_label_of_its_own(void **state)
{
	_cleanup_(label_set_fini) struct label_set set = { 0 };

	(void)state;
	assert_int_equal(label_set_put(&set, "a", "1"), 0);
	assert_int_equal(label_set_put(&set, "b", label_set_get(&set, "a")), 0);
	assert_int_equal(label_set_put(&set, set.labels[0].name, label_set_get(&set, "a")), 0);
	assert_string_equal(label_set_get(&set, "a"), "1");
	assert_string_equal(label_set_get(&set, "b"), "1");
}

static void counts_what_is_one_too_many(void **state)
{
	_cleanup_(label_set_fini) struct label_set set = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < LABEL_SET_MAX + 3; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		assert_int_equal(label_set_put(&set, name, "v"), 0);
	}
	assert_int_equal(set.n_labels, LABEL_SET_MAX);
	assert_int_equal(set.n_refused, 3);
	assert_int_equal(label_set_put(&set, "l0", "w"), 0); /* one that is there is none more */
	assert_int_equal(set.n_refused, 3);
	assert_string_equal(label_set_get(&set, "l0"), "w");
}

static void makes_values_valid_and_cuts_them_between_characters(void **state)
{
	_cleanup_(label_set_fini) struct label_set set = { 0 };
	char value[LABEL_VALUE_MAX_BYTES + 10];

	(void)state;
	assert_int_equal(label_set_put(&set, "bad", "a\xff\"\n"), 0);
	assert_string_equal(label_set_get(&set, "bad"), "a?\"\n");
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	memcpy(value + LABEL_VALUE_MAX_BYTES - 1, "\xc3\xa4", 2);
	assert_int_equal(label_set_put(&set, "long", value), 0);
	assert_int_equal(strlen(label_set_get(&set, "long")), LABEL_VALUE_MAX_BYTES - 1);
	memset(value, '\x80', sizeof(value) - 1); /* no characters at all */
	assert_int_equal(label_set_put(&set, "long", value), 0);
	assert_int_equal(strspn(label_set_get(&set, "long"), "?"), LABEL_VALUE_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_each_name_once_and_all_in_order),
		cmocka_unit_test(takes_a_label_away_when_its_value_is_empty),
		cmocka_unit_test(may_copy_a_label_of_its_own),
		cmocka_unit_test(counts_what_is_one_too_many),
		cmocka_unit_test(makes_values_valid_and_cuts_them_between_characters),
	};

	return cmocka_run_group_tests_name("label_set", tests, NULL, NULL);
}
