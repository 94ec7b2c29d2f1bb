/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label_rules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/label_set.h"

DEFINE_CLEANUP(struct label_rules *, label_rules_free)

#define SPEC(...)                                                                                  \
	{                                                                                          \
		.fields = { __VA_ARGS__ }                                                          \
	}

struct example {
	struct label_rule_spec spec;
	const char *expected; /* "name=value," of what a=foo, b=bar, c=baz become; "left out" */
};

/* Run one rule. */
static void check(const struct example *example)
{
	_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char error[LABEL_RULES_ERROR_BYTES] = "", text[256] = "";
	size_t length = 0;
	int r;

	assert_int_equal(label_rules_new(&rules), 0);
	r = label_rules_add(rules, &example->spec, error);
	assert_string_equal(error, "");
	assert_int_equal(r, 0);
	label_set_put(&labels, "a", "foo");
	label_set_put(&labels, "b", "bar");
	label_set_put(&labels, "c", "baz");
	r = label_rules_run(rules, &labels);
	assert_in_range(r, 0, 1);
	for (size_t i = 0; i < labels.n_labels; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s=%s,",
					   labels.labels[i].name, labels.labels[i].value);
	assert_string_equal(r == 1 ? "left out" : text, example->expected);
}

/* By the definition of relabel_config; the results of hashmod are those of Prometheus 2.42. */
static void does_what_prometheus_does(void **state)
{
	static const struct example examples[] = {
		{ SPEC([RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "f(.*)",
		       [RULE_TARGET_LABEL] = "d", [RULE_SEPARATOR] = ";",
		       [RULE_REPLACEMENT] = "ch${1}-ch${1}"),
		  "a=foo,b=bar,c=baz,d=choo-choo," },
		{ SPEC([RULE_SOURCE_LABELS] = "a, b", [RULE_REGEX] = "f(.*);(.*)r",
		       [RULE_TARGET_LABEL] = "a", [RULE_REPLACEMENT] = "b${1}${2}m"),
		  "a=boobam,b=bar,c=baz," },
		{ SPEC([RULE_SOURCE_LABELS] = "a,b", [RULE_SEPARATOR] = "",
		       [RULE_TARGET_LABEL] = "d"),
		  "a=foo,b=bar,c=baz,d=foobar," },
		{ SPEC([RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "oo", [RULE_TARGET_LABEL] = "d"),
		  "a=foo,b=bar,c=baz," }, /* the whole value must match */
		{ SPEC([RULE_TARGET_LABEL] = "d", [RULE_REPLACEMENT] = "static"),
		  "a=foo,b=bar,c=baz,d=static," },
		{ SPEC([RULE_TARGET_LABEL] = "a", [RULE_REPLACEMENT] = ""), "b=bar,c=baz," },
		{ SPEC([RULE_SOURCE_LABELS] = "a", [RULE_TARGET_LABEL] = "${1}_x",
		       [RULE_REPLACEMENT] = "y"),
		  "a=foo,b=bar,c=baz,foo_x=y," },
		{ SPEC([RULE_SOURCE_LABELS] = "none", [RULE_TARGET_LABEL] = "${1}",
		       [RULE_REPLACEMENT] = "y"),
		  "a=foo,b=bar,c=baz," }, /* "" is no name */
		{ SPEC([RULE_ACTION] = "hashmod", [RULE_SOURCE_LABELS] = "c",
		       [RULE_TARGET_LABEL] = "d", [RULE_MODULUS] = "1000"),
		  "a=foo,b=bar,c=baz,d=976," },
		{ SPEC([RULE_ACTION] = "hashmod", [RULE_SOURCE_LABELS] = "a",
		       [RULE_TARGET_LABEL] = "d", [RULE_MODULUS] = "1000"),
		  "a=foo,b=bar,c=baz,d=696," },
		{ SPEC([RULE_ACTION] = "labelmap", [RULE_REGEX] = "(b|c)",
		       [RULE_REPLACEMENT] = "bar_${1}"),
		  "a=foo,b=bar,bar_b=bar,bar_c=baz,c=baz," },
		{ SPEC([RULE_ACTION] = "labelmap", [RULE_REGEX] = "[ab]", [RULE_REPLACEMENT] = "c"),
		  "a=foo,b=bar,c=bar," }, /* the last one */
		{ SPEC([RULE_ACTION] = "labeldrop", [RULE_REGEX] = "[ac]"), "b=bar," },
		{ SPEC([RULE_ACTION] = "labelkeep", [RULE_REGEX] = "[ac]"), "a=foo,c=baz," },
		{ SPEC([RULE_ACTION] = "Uppercase", [RULE_SOURCE_LABELS] = "a,b",
		       [RULE_TARGET_LABEL] = "d"),
		  "a=foo,b=bar,c=baz,d=FOO;BAR," },
		{ SPEC([RULE_ACTION] = "lowercase", [RULE_SOURCE_LABELS] = "a",
		       [RULE_TARGET_LABEL] = "b"),
		  "a=foo,b=foo,c=baz," },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		check(&examples[i]);
}

static void leaves_out_what_prometheus_does(void **state)
{
	static const struct example examples[] = {
		{ SPEC([RULE_ACTION] = "keep", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "foo"),
		  "a=foo,b=bar,c=baz," },
		{ SPEC([RULE_ACTION] = "keep", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "fo"),
		  "left out" },
		{ SPEC([RULE_ACTION] = "drop", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = ".*o.*"),
		  "left out" },
		{ SPEC([RULE_ACTION] = "drop", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "f"),
		  "a=foo,b=bar,c=baz," },
		{ SPEC([RULE_ACTION] = "keepequal", [RULE_SOURCE_LABELS] = "a",
		       [RULE_TARGET_LABEL] = "a"),
		  "a=foo,b=bar,c=baz," },
		{ SPEC([RULE_ACTION] = "keepequal", [RULE_SOURCE_LABELS] = "a",
		       [RULE_TARGET_LABEL] = "b"),
		  "left out" },
		{ SPEC([RULE_ACTION] = "KeepEqual", [RULE_SOURCE_LABELS] = "none",
		       [RULE_TARGET_LABEL] = "nothing"),
		  "a=foo,b=bar,c=baz," }, /* what is not there is "" */
		{ SPEC([RULE_ACTION] = "dropequal", [RULE_SOURCE_LABELS] = "b",
		       [RULE_TARGET_LABEL] = "b"),
		  "left out" },
		{ SPEC([RULE_ACTION] = "dropequal", [RULE_SOURCE_LABELS] = "a,a",
		       [RULE_TARGET_LABEL] = "a"),
		  "a=foo,b=bar,c=baz," }, /* foo;foo is another value */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		check(&examples[i]);
}

static void runs_one_rule_after_the_other(void **state)
{
	static const struct label_rule_spec specs[] = {
		SPEC([RULE_SOURCE_LABELS] = "a", [RULE_TARGET_LABEL] = "__x"),
		SPEC([RULE_ACTION] = "uppercase", [RULE_SOURCE_LABELS] = "__x",
		     [RULE_TARGET_LABEL] = "a"),
		SPEC([RULE_ACTION] = "drop", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "FOO"),
		SPEC([RULE_TARGET_LABEL] = "a", [RULE_REPLACEMENT] = "never"),
	};
	_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char error[LABEL_RULES_ERROR_BYTES];

	(void)state;
	assert_int_equal(label_rules_new(&rules), 0);
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		assert_int_equal(label_rules_add(rules, &specs[i], error), 0);
	label_set_put(&labels, "a", "foo");
	assert_int_equal(label_rules_run(rules, &labels), 1);
	assert_string_equal(label_set_get(&labels, "a"), "FOO");
}

static void says_what_means_nothing(void **state)
{
	static const struct {
		struct label_rule_spec spec;
		const char *error;
	} examples[] = {
		{ SPEC([RULE_ACTION] = "rename"), "action = rename: is no action" },
		{ SPEC([RULE_REGEX] = "(", [RULE_TARGET_LABEL] = "a"), "regex = (: " },
		{ SPEC([RULE_SOURCE_LABELS] = "a"), "target_label = : must be" },
		{ SPEC([RULE_SOURCE_LABELS] = "a b", [RULE_TARGET_LABEL] = "a"),
		  "source_labels = a b:" },
		{ SPEC([RULE_TARGET_LABEL] = "a-b"), "target_label = a-b: must be" },
		{ SPEC([RULE_ACTION] = "hashmod", [RULE_TARGET_LABEL] = "a"),
		  "modulus = 0: must be" },
		{ SPEC([RULE_ACTION] = "lowercase", [RULE_TARGET_LABEL] = "$1"),
		  "target_label = $1: must be" },
		{ SPEC([RULE_ACTION] = "lowercase", [RULE_TARGET_LABEL] = "a",
		       [RULE_REPLACEMENT] = "x"),
		  "replacement = x: means nothing to the action lowercase" },
		{ SPEC([RULE_ACTION] = "keepequal", [RULE_SOURCE_LABELS] = "a"),
		  "target_label = : must be the name" },
		{ SPEC([RULE_ACTION] = "dropequal", [RULE_SOURCE_LABELS] = "a",
		       [RULE_TARGET_LABEL] = "b", [RULE_SEPARATOR] = "-"),
		  "separator = -: means nothing to the action dropequal" },
		{ SPEC([RULE_ACTION] = "labeldrop", [RULE_SOURCE_LABELS] = "a"),
		  "source_labels = a: means nothing to the action labeldrop" },
		{ SPEC([RULE_ACTION] = "labelmap", [RULE_REPLACEMENT] = "a-b"),
		  "replacement = a-b: must be" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
		char error[LABEL_RULES_ERROR_BYTES] = "";

		assert_int_equal(label_rules_new(&rules), 0);
		assert_int_equal(label_rules_add(rules, &examples[i].spec, error), -EINVAL);
		assert_ptr_equal(strstr(error, examples[i].error), error);
	}
}

static void counts_matches_that_would_not_end(void **state)
{
	static const struct label_rule_spec spec = SPEC(
		[RULE_ACTION] = "drop", [RULE_SOURCE_LABELS] = "a", [RULE_REGEX] = "(x|x)+(b|d)");
	_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char error[LABEL_RULES_ERROR_BYTES];

	(void)state;
	assert_int_equal(label_rules_new(&rules), 0);
	assert_int_equal(label_rules_add(rules, &spec, error), 0);
	label_set_put(&labels, "a", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxc");
	assert_int_equal(label_rules_run(rules, &labels), 0);
	assert_int_equal(label_rules_limited_count(rules), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_what_prometheus_does),
		cmocka_unit_test(leaves_out_what_prometheus_does),
		cmocka_unit_test(runs_one_rule_after_the_other),
		cmocka_unit_test(says_what_means_nothing),
		cmocka_unit_test(counts_matches_that_would_not_end),
	};

	return cmocka_run_group_tests_name("label_rules", tests, NULL, NULL);
}
