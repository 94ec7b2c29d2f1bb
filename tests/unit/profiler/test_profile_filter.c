/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/profile_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/pattern.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"
#include "tests/unit/profiler/profile_text.h"

DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct pattern *, pattern_free)

static const char text[] = "comm=api|main;parse;read 1\n"
			   "comm=api|main;work+inlined;hash 2\n"
			   "comm=api|main;work+inlined;read 4\n"
			   "comm=db|main;walk;hash 8\n"
			   "comm=db|walk 16\n";

static struct pattern *pattern(const char *expression)
{
	char error[PATTERN_ERROR_BYTES];
	struct pattern *compiled;

	if (!expression)
		return NULL;
	assert_int_equal(pattern_new_anywhere(expression, &compiled, error), 0);
	return compiled;
}

struct example {
	const char *focus, *ignore, *hide, *show;
	const char *left;
};

static void assert_left(const struct example *example)
{
	_cleanup_(pattern_freep) struct pattern *focus = pattern(example->focus);
	_cleanup_(pattern_freep) struct pattern *ignore = pattern(example->ignore);
	_cleanup_(pattern_freep) struct pattern *hide = pattern(example->hide);
	_cleanup_(pattern_freep) struct pattern *show = pattern(example->show);
	const struct profile_filter filter = { focus, ignore, hide, show };
	_cleanup_(profile_freep) struct profile *profile = profile_of_text(text), *left = NULL;

	assert_int_equal(profile_filter_apply(&filter, profile, NULL, &left), 0);
	assert_profile_is(left, example->left);
}

static void selects_samples_by_any_of_their_functions(void **state)
{
	static const struct example examples[] = {
		{ .focus = "read",
		  .left = "comm=api|main;parse;read 1\n"
			  "comm=api|main;work+inlined;read 4\n" },
		{ .focus = "^inl",
		  .left = "comm=api|main;work+inlined;hash 2\n"
			  "comm=api|main;work+inlined;read 4\n" },
		{ .focus = "hash", .ignore = "inlined", .left = "comm=db|main;walk;hash 8\n" },
		{ .ignore = "main", .left = "comm=db|walk 16\n" },
		{ .focus = "nobody", .left = "" },
		{ .focus = "^parse\\.c$", .left = "comm=api|main;parse;read 1\n" },
		{ .focus = "^/lib/p$", .left = "comm=api|main;parse;read 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		assert_left(&examples[i]);
}

static void leaves_functions_out_and_adds_up_what_becomes_the_same(void **state)
{
	static const struct example examples[] = {
		{ .hide = "inlined|main",
		  .left = "comm=api|parse;read 1\n"
			  "comm=api|work;hash 2\n"
			  "comm=api|work;read 4\n"
			  "comm=db|walk 16\n"
			  "comm=db|walk;hash 8\n" },
		{ .show = "work|walk",
		  .left = "comm=api|work 6\n"
			  "comm=db|walk 24\n" },
		{ .hide = "/lib/[mw]",
		  .left = "comm=api|hash 2\n"
			  "comm=api|parse;read 1\n"
			  "comm=api|read 4\n"
			  "comm=db|hash 8\n" },
		{ .show = "read|hash", .hide = "hash", .left = "comm=api|read 5\n" },
		{ .focus = "read", .show = "parse", .left = "comm=api|parse 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		assert_left(&examples[i]);
}

static void has_everything_in_focus_and_ignore_of_one_pattern(void **state)
{
	static const char *const patterns[] = { "read", "main", "", "x|h", "inlined", "\\.c$" };
	_cleanup_(profile_freep) struct profile *profile = profile_of_text(text);

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		_cleanup_(pattern_freep) struct pattern *compiled = pattern(patterns[i]);
		const struct profile_filter with = { .focus = compiled };
		const struct profile_filter without = { .ignore = compiled };
		_cleanup_(profile_freep) struct profile *some = NULL, *others = NULL;
		uint64_t count = 0;

		assert_int_equal(profile_filter_apply(&with, profile, NULL, &some), 0);
		assert_int_equal(profile_filter_apply(&without, profile, NULL, &others), 0);
		for (size_t k = 0; k < some->n_samples; k++)
			count += some->samples[k].count;
		for (size_t k = 0; k < others->n_samples; k++)
			count += others->samples[k].count;
		assert_int_equal(count, 31);
	}
}

static void counts_what_it_costs(void **state)
{
	_cleanup_(profile_freep) struct profile
		*profile = profile_of_text("|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\n"),
		*left = NULL;
	_cleanup_(pattern_freep) struct pattern *bomb = pattern("^(a+)+[bc]");
	const struct profile_filter filter = { .ignore = bomb };
	struct query_budget budget;

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
	assert_int_equal(profile_filter_apply(&filter, profile, &budget, &left), 0);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MATCH));
	assert_int_equal(left->n_samples, 1);
	query_budget_init(&budget, QUERY_CPU_NS, 1);
	assert_int_equal(profile_filter_apply(&filter, profile, &budget, &left), -EDQUOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_samples_by_any_of_their_functions),
		cmocka_unit_test(leaves_functions_out_and_adds_up_what_becomes_the_same),
		cmocka_unit_test(has_everything_in_focus_and_ignore_of_one_pattern),
		cmocka_unit_test(counts_what_it_costs),
	};

	return cmocka_run_group_tests_name("profile filter", tests, NULL, NULL);
}
