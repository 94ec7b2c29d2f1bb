/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeling.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/message.h"

static void takes_labels_for_all(void **state)
{
	static const char *const bad[] = { "team",  "=a",    "team=", "te-am=a",
					   "pid=1", "tid=1", "__x=1", "thread=x" };
	_cleanup_(labeling_fini) struct labeling labeling = { 0 };

	(void)state;
	assert_int_equal(labeling_add_label(&labeling, "team=a=b"), 0);
	assert_string_equal(label_set_get(&labeling.labels, "team"), "a=b");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(labeling_add_label(&labeling, bad[i]), -EINVAL);
	assert_int_equal(labeling.labels.n_labels, 1);
}

static void takes_the_fields_of_rules(void **state)
{
	_cleanup_(labeling_fini) struct labeling labeling = { 0 };

	(void)state;
	assert_int_equal(labeling_set_field(&labeling, "x", 3, "action", "drop"), 0);
	assert_int_equal(labeling_set_field(&labeling, "x", 4, "regex", "a"), 0);
	assert_int_equal(labeling_set_field(&labeling, "x", 5, "regex", "b"), -EEXIST);
	assert_int_equal(labeling_set_field(&labeling, "x", 6, "colour", "b"), -ENOENT);
	assert_int_equal(labeling_set_field(&labeling, "y", 8, "regex", "c"), 0);
	assert_int_equal(labeling.n_rules, 2);
	assert_int_equal(labeling.rules[0].line, 3);
	assert_string_equal(labeling.rules[0].fields[RULE_REGEX], "a");
	assert_null(labeling.rules[1].fields[RULE_ACTION]);
}

static void says_which_rule_means_nothing(void **state)
{
	_cleanup_(labeling_fini) struct labeling labeling = { 0 };
	char error[LABEL_RULES_ERROR_BYTES];
	const struct labeling_rule *bad;
	struct label_rules *rules;

	(void)state;
	assert_int_equal(labeling_set_field(&labeling, "good", 1, "target_label", "a"), 0);
	assert_int_equal(labeling_set_field(&labeling, "bad", 2, "action", "hashmod"), 0);
	assert_int_equal(labeling_compile(&labeling, &rules, &bad, error), -EINVAL);
	assert_string_equal(bad->name, "bad");
}

static void arrives_as_it_was_sent(void **state)
{
	_cleanup_(labeling_fini) struct labeling sent = { 0 }, arrived = { 0 };
	_cleanup_(buffer_fini) struct buffer body = { 0 };
	struct message message = { .type = MESSAGE_LABELING };

	(void)state;
	assert_int_equal(labeling_add_label(&sent, "team=a"), 0);
	assert_int_equal(labeling_add_label(&sent, "host=\"b\""), 0);
	assert_int_equal(labeling_set_field(&sent, "x", 1, "separator", ""), 0);
	assert_int_equal(labeling_set_field(&sent, "x", 2, "target_label", "t"), 0);
	assert_int_equal(labeling_append(&sent, &body), 0);
	message.body = body.data;
	message.body_bytes = body.size;
	assert_int_equal(labeling_take(&arrived, &message), 0);
	assert_int_equal(arrived.labels.n_labels, 2);
	assert_string_equal(label_set_get(&arrived.labels, "host"), "\"b\"");
	assert_int_equal(arrived.n_rules, 1);
	assert_string_equal(arrived.rules[0].fields[RULE_SEPARATOR], ""); /* given, and empty */
	assert_string_equal(arrived.rules[0].fields[RULE_TARGET_LABEL], "t");
	assert_null(arrived.rules[0].fields[RULE_REGEX]);
}

static void is_no_longer_than_a_message(void **state)
{
	_cleanup_(labeling_fini) struct labeling labeling = { 0 };
	_cleanup_(buffer_fini) struct buffer body = { 0 };
	char value[1000];
	char rule[8];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < 60; i++) {
		snprintf(rule, sizeof(rule), "%d", i);
		assert_int_equal(labeling_set_field(&labeling, rule, 1, "regex", value), 0);
	}
	assert_int_equal(labeling_append(&labeling, &body), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_labels_for_all),
		cmocka_unit_test(takes_the_fields_of_rules),
		cmocka_unit_test(says_which_rule_means_nothing),
		cmocka_unit_test(arrives_as_it_was_sent),
		cmocka_unit_test(is_no_longer_than_a_message),
	};

	return cmocka_run_group_tests_name("labeling", tests, NULL, NULL);
}
