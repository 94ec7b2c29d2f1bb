/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_flames.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "export/call_tree.h"
#include "export/flame_bars.h"
#include "export/pprof.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "web/connect.h"
#include "web/querier.pb-c.h"
#include "web/querier_call.h"
#include "web/querier_selection.h"
#include "web/request.h"
#include "web/site.h"

#define DEFAULT_MAX_NODES 8192
#define MOST_NODES        1048576
#define MOST_CALLERS      1024 /* no stack is deeper */

DEFINE_CLEANUP(struct profile *, profile_free)

/* A tree on its way to become an answer. */
struct flames {
	struct call_tree tree;
	struct flame_bars bars;
	Querier__Level *levels;
	Querier__Level **level_pointers;
};

static void flames_fini(struct flames *flames)
{
	flame_bars_fini(&flames->bars);
	call_tree_fini(&flames->tree);
	free(flames->levels);
	free(flames->level_pointers);
}

static bool question_is_good(struct querier_call *call,
			     const Querier__SelectMergeStacktracesRequest *question)
{
	const Querier__StackTraceSelector *stacks = question->stack_trace_selector;

	if (question->max_nodes < 0 || question->max_nodes > MOST_NODES)
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT,
			     "max_nodes is not between 0 and %d", MOST_NODES);
	else if (question->format == QUERIER__PROFILE_FORMAT__PROFILE_FORMAT_TREE)
		connect_fail(call->request, CONNECT_UNIMPLEMENTED,
			     "there is no format but that of flame graphs");
	else if (stacks && stacks->go_pgo)
		connect_fail(call->request, CONNECT_UNIMPLEMENTED, "go_pgo is not implemented");
	else if (stacks && stacks->n_call_site > MOST_CALLERS)
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT,
			     "call_site has more than %d functions", MOST_CALLERS);
	return !call->request->answer.code;
}

/* Add the samples of @profile in stacks that begin as @stacks, or NULL, says. */
static int add_profile(struct call_tree *tree, size_t side, const struct profile *profile,
		       enum profile_weight weight, const Querier__StackTraceSelector *stacks)
{
	char *first_names[MOST_CALLERS];
	int r;

	tree->first_names = first_names;
	tree->n_first_names = stacks ? stacks->n_call_site : 0;
	for (size_t i = 0; i < tree->n_first_names; i++)
		first_names[i] = stacks->call_site[i]->name;
	r = call_tree_add(tree, side, profile, weight);
	tree->first_names = NULL;
	tree->n_first_names = 0;
	return r;
}

/* Add what @question selects on @side of @tree. Returns false if @call is answered. */
static bool add_side(struct querier_call *call,
		     const Querier__SelectMergeStacktracesRequest *question, size_t side,
		     struct call_tree *tree)
{
	const struct querier_scope scope = { question->profile_typeid, question->label_selector,
					     question->start, question->end };
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	const struct querier_type *type;
	int r;

	if (!question_is_good(call, question) || !querier_selection_init(call, &scope, &selection))
		return false;
	type = querier_selection_type(&selection);
	if (!type || question->n_profile_id_selector)
		return true;
	tree->budget = &call->budget;
	selection.query.is_unlabeled = true;
	r = query_run(call->site->store, &selection.query, &profile);
	if (r == 0)
		r = add_profile(tree, side, profile, type->weight, question->stack_trace_selector);
	return querier_call_goes_on(call, r);
}

/* Find the bars of the tree, as messages. */
static int draw(struct flames *flames, size_t n_sides, int64_t max_nodes)
{
	struct flame_bars *bars = &flames->bars;
	int r;

	call_tree_sum_up(&flames->tree);
	r = flame_bars_init(&flames->tree, n_sides,
			    (size_t)(max_nodes ? max_nodes : DEFAULT_MAX_NODES), bars);
	if (r < 0)
		return r;
	flames->levels = calloc(bars->n_levels, sizeof(*flames->levels));
	flames->level_pointers = calloc(bars->n_levels, sizeof(*flames->level_pointers));
	if (!flames->levels || !flames->level_pointers)
		return -ENOMEM;
	for (size_t i = 0; i < bars->n_levels; i++) {
		querier__level__init(&flames->levels[i]);
		flames->levels[i].values = &bars->values[bars->levels[i].first_value];
		flames->levels[i].n_values = bars->levels[i].n_values;
		flames->level_pointers[i] = &flames->levels[i];
	}
	return 0;
}

void querier_select_merge_stacktraces(struct querier_call *call)
{
	const Querier__SelectMergeStacktracesRequest *question =
		(const Querier__SelectMergeStacktracesRequest *)call->question;
	Querier__SelectMergeStacktracesResponse answer =
		QUERIER__SELECT_MERGE_STACKTRACES_RESPONSE__INIT;
	Querier__FlameGraph graph = QUERIER__FLAME_GRAPH__INIT;
	_cleanup_(flames_fini) struct flames flames = { 0 };

	if (!querier_call_goes_on(call, call_tree_init(&flames.tree)) ||
	    !add_side(call, question, 0, &flames.tree) ||
	    !querier_call_goes_on(call, draw(&flames, 1, question->max_nodes)))
		return;
	graph.names = flames.bars.names;
	graph.n_names = flames.bars.n_names;
	graph.levels = flames.level_pointers;
	graph.n_levels = flames.bars.n_levels;
	graph.total = flames.tree.nodes[0].total[0];
	graph.max_self = flames.bars.max_self;
	answer.flamegraph = &graph;
	connect_answer(call->request, &answer.base);
}

static void answer_diff(struct querier_call *call, const struct flames *flames)
{
	const int64_t *totals = flames->tree.nodes[0].total;
	Querier__DiffResponse answer = QUERIER__DIFF_RESPONSE__INIT;
	Querier__FlameGraphDiff graph = QUERIER__FLAME_GRAPH_DIFF__INIT;

	graph.names = flames->bars.names;
	graph.n_names = flames->bars.n_names;
	graph.levels = flames->level_pointers;
	graph.n_levels = flames->bars.n_levels;
	graph.total = totals[0] + totals[1];
	graph.max_self = flames->bars.max_self;
	graph.leftticks = totals[0];
	graph.rightticks = totals[1];
	answer.flamegraph = &graph;
	connect_answer(call->request, &answer.base);
}

void querier_diff(struct querier_call *call)
{
	const Querier__DiffRequest *question = (const Querier__DiffRequest *)call->question;
	_cleanup_(flames_fini) struct flames flames = { 0 };
	int64_t max_nodes;

	if (!question->left || !question->right) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "left or right is missing");
		return;
	}
	max_nodes = question->left->max_nodes > question->right->max_nodes
			    ? question->left->max_nodes
			    : question->right->max_nodes;
	if (querier_call_goes_on(call, call_tree_init(&flames.tree)) &&
	    add_side(call, question->left, 0, &flames.tree) &&
	    add_side(call, question->right, 1, &flames.tree) &&
	    querier_call_goes_on(call, draw(&flames, 2, max_nodes)))
		answer_diff(call, &flames);
}

static int answer_with_profile(void *request, const ProtobufCMessage *message)
{
	connect_answer(request, message);
	return 0;
}

void querier_select_merge_profile(struct querier_call *call)
{
	const Querier__SelectMergeProfileRequest *question =
		(const Querier__SelectMergeProfileRequest *)call->question;
	const struct querier_scope scope = { question->profile_typeid, question->label_selector,
					     question->start, question->end };
	const struct pprof_callback callback = { answer_with_profile, call->request };
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	const struct querier_type *type;
	int r;

	if (!querier_selection_init(call, &scope, &selection))
		return;
	if (question->stack_trace_selector) {
		connect_fail(call->request, CONNECT_UNIMPLEMENTED,
			     "stack_trace_selector is not implemented here");
		return;
	}
	type = querier_selection_type(&selection);
	selection.query.is_unlabeled = true;
	if (type && !question->n_profile_id_selector)
		r = query_run(call->site->store, &selection.query, &profile);
	else
		r = profile_new(&profile);
	if (r == 0)
		r = pprof_build(profile, type ? type->weight : PROFILE_VALUE, &callback);
	querier_call_goes_on(call, r);
}
