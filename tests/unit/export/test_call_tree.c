/* SPDX-License-Identifier: Apache-2.0 */
#include "export/call_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "known_profile.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"

DEFINE_CLEANUP(struct profile *, profile_free)

/* The node at the end of a path of names, separated by spaces, from the root on; or NULL. */
static const struct call_node *find(const struct call_tree *tree, const char *path)
{
	char names[256], *rest = names, *name;
	uint32_t node = 0;

	snprintf(names, sizeof(names), "%s", path);
	while ((name = strsep(&rest, " "))) {
		uint32_t callee = 1;

		while (callee < tree->n_nodes &&
		       (tree->nodes[callee].caller != node ||
			strcmp(string_table_get(tree->names, tree->nodes[callee].name), name)))
			callee++;
		if (callee == tree->n_nodes)
			return NULL;
		node = callee;
	}
	return &tree->nodes[node];
}

static void make(struct call_tree *tree, size_t side, const struct profile *profile,
		 enum profile_weight weight)
{
	assert_int_equal(call_tree_init(tree), 0);
	assert_int_equal(call_tree_add(tree, side, profile, weight), 0);
	call_tree_sum_up(tree);
}

static void merges_functions_by_name(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(call_tree_fini) struct call_tree tree = { 0 };
	const struct call_node *node;

	(void)state;
	make(&tree, 0, profile, PROFILE_COUNT);
	node = find(&tree, "__libc_start_main main serve parse<std::string>");
	assert_non_null(node);
	assert_int_equal(node->self[0], 27); /* of two places and threads */
	assert_int_equal(node->total[0], 42);
	node = find(&tree, "__libc_start_main");
	assert_int_equal(node->total[0], 59); /* of two processes */
	assert_null(find(&tree, "main"));
}

static void counts_a_sample_without_a_stack(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(call_tree_fini) struct call_tree tree = { 0 };

	(void)state;
	make(&tree, 0, profile, PROFILE_COUNT);
	assert_int_equal(tree.nodes[0].self[0], 1);
	assert_int_equal(tree.nodes[0].total[0], 61);
}

static void adds_up_values_or_counts(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(call_tree_fini) struct call_tree tree = { 0 };

	(void)state;
	make(&tree, 0, profile, PROFILE_VALUE);
	assert_int_equal(tree.nodes[0].total[0], 610000000);
}

static void lays_two_profiles_over_one_another(void **state)
{
	_cleanup_(profile_freep) struct profile *left = known_profile_new();
	_cleanup_(profile_freep) struct profile *right = known_profile_new_large(100, 12);
	_cleanup_(call_tree_fini) struct call_tree tree = { 0 };
	const struct call_node *node;

	(void)state;
	assert_int_equal(call_tree_init(&tree), 0);
	assert_int_equal(call_tree_add(&tree, 0, left, PROFILE_COUNT), 0);
	assert_int_equal(call_tree_add(&tree, 1, right, PROFILE_COUNT), 0);
	assert_int_equal(call_tree_add(&tree, 1, left, PROFILE_COUNT), 0);
	call_tree_sum_up(&tree);
	assert_int_equal(tree.nodes[0].total[0], 61);
	assert_int_equal(tree.nodes[0].total[1], 161);
	node = find(&tree, "__libc_start_main main");
	assert_int_equal(node->total[0], 56);
	assert_int_equal(node->total[1], 56);
	node = find(&tree, "a_function_of_usual_length_11");
	assert_int_equal(node->total[0], 0);
	assert_int_equal(node->total[1], 100);
}

static void has_callers_before_callees(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_large(1000, 20);
	_cleanup_(call_tree_fini) struct call_tree tree = { 0 };

	(void)state;
	make(&tree, 0, profile, PROFILE_COUNT);
	assert_true(tree.n_nodes > 1000);
	for (size_t i = 1; i < tree.n_nodes; i++)
		assert_true(tree.nodes[i].caller < i);
}

static void takes_only_stacks_that_begin_with_names(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	char start[] = "__libc_start_main", mainly[] = "main", serve[] = "serve";
	char *const names[] = { start, mainly, serve };
	static const int64_t expected[] = { 61, 59, 56, 42 };

	(void)state;
	for (size_t n = 0; n <= 3; n++) {
		_cleanup_(call_tree_fini) struct call_tree tree = { .first_names = names,
								    .n_first_names = n };

		make(&tree, 0, profile, PROFILE_COUNT);
		assert_int_equal(tree.nodes[0].total[0], expected[n]);
	}
}

static void ends_when_its_budget_is_used_up(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_large(2000, 50);
	struct query_budget budget;
	_cleanup_(call_tree_fini) struct call_tree tree = { .budget = &budget };

	(void)state;
	query_budget_init(&budget, QUERY_CPU_NS, 100000);
	assert_int_equal(call_tree_init(&tree), 0);
	assert_int_equal(call_tree_add(&tree, 0, profile, PROFILE_COUNT), -EDQUOT);
	assert_true(query_budget_has_met(&budget, QUERY_LIMIT_MEMORY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_functions_by_name),
		cmocka_unit_test(counts_a_sample_without_a_stack),
		cmocka_unit_test(adds_up_values_or_counts),
		cmocka_unit_test(lays_two_profiles_over_one_another),
		cmocka_unit_test(has_callers_before_callees),
		cmocka_unit_test(takes_only_stacks_that_begin_with_names),
		cmocka_unit_test(ends_when_its_budget_is_used_up),
	};

	return cmocka_run_group_tests_name("call tree", tests, NULL, NULL);
}
