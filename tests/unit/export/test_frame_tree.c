/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/frame_tree.h"
#include "known_profile.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct frame_tree *, frame_tree_free)

/* The node of that name whose caller has the other one, or NULL. */
static const struct frame_node *find(const struct frame_tree *tree, const char *caller,
				     const char *name)
{
	for (size_t i = 1; i < tree->n_nodes; i++) {
		size_t caller_i = i - 1;

		while (tree->nodes[caller_i].depth >= tree->nodes[i].depth)
			caller_i--;
		if (!strcmp(tree->nodes[i].name, name) &&
		    !strcmp(tree->nodes[caller_i].name, caller))
			return &tree->nodes[i];
	}
	return NULL;
}

static void is_one_node_without_samples(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(frame_tree_new(profile, &tree), 0);
	assert_int_equal(tree->n_nodes, 1);
	assert_int_equal(tree->nodes[0].kind, FRAME_NODE_ALL);
	assert_int_equal(tree->nodes[0].count, 0);
}

static void merges_what_has_one_name_at_different_addresses(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;
	const struct frame_node *serve;

	(void)state;
	assert_int_equal(frame_tree_new(profile, &tree), 0);
	serve = find(tree, "main", "serve");
	assert_non_null(serve);
	assert_int_equal(serve->count, 20 + 7 + 15);
	assert_int_equal(serve->self, 0);
}

static void knows_the_kind_of_each_node(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;

	(void)state;
	assert_int_equal(frame_tree_new(profile, &tree), 0);
	assert_int_equal(find(tree, "all", "api")->kind, FRAME_NODE_PROCESS);
	assert_int_equal(find(tree, "api", "__libc_start_main")->kind, FRAME_NODE_NATIVE);
	assert_int_equal(find(tree, "serve", "parse<std::string>")->kind, FRAME_NODE_INLINED);
	assert_int_equal(find(tree, "memcpy", "asm_exc_page_fault")->kind, FRAME_NODE_KERNEL);
	assert_int_equal(find(tree, "main", "[anonymous]+0x7e0000000000")->kind, FRAME_NODE_JIT);
	assert_non_null(find(tree, "all", "[unknown]")); /* a sample without a label `comm` */
}

static void counts_of_callees_and_own_samples_make_the_count(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new_large(2000, 20);
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;

	(void)state;
	assert_int_equal(frame_tree_new(profile, &tree), 0);
	assert_int_equal(tree->nodes[0].count, 2000);
	assert_int_equal(tree->max_depth, 21);
	for (size_t i = 0; i < tree->n_nodes; i++) {
		const struct frame_node *node = &tree->nodes[i];
		uint64_t next_start = node->start;

		for (size_t k = i + 1; k < tree->n_nodes && tree->nodes[k].depth > node->depth;
		     k++) {
			if (tree->nodes[k].depth != node->depth + 1)
				continue;
			assert_int_equal(tree->nodes[k].start, next_start);
			next_start += tree->nodes[k].count;
		}
		assert_int_equal(next_start + node->self, node->start + node->count);
	}
}

static void sorts_siblings_by_name(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = known_profile_new();
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;
	const char *before = "";

	(void)state;
	assert_int_equal(frame_tree_new(profile, &tree), 0);
	for (size_t i = 0; i < tree->n_nodes; i++) {
		if (tree->nodes[i].depth != 1)
			continue;
		assert_true(strcmp(before, tree->nodes[i].name) < 0);
		before = tree->nodes[i].name;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_one_node_without_samples),
		cmocka_unit_test(merges_what_has_one_name_at_different_addresses),
		cmocka_unit_test(knows_the_kind_of_each_node),
		cmocka_unit_test(counts_of_callees_and_own_samples_make_the_count),
		cmocka_unit_test(sorts_siblings_by_name),
	};

	return cmocka_run_group_tests_name("frame_tree", tests, NULL, NULL);
}
