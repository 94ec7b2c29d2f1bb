/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_groups.h"

#include <errno.h>

#include "profiler/base/cleanup.h"
#include "profiler/label_groups.h"
#include "profiler/query_points.h"
#include "web/connect.h"
#include "web/querier_call.h"
#include "web/querier_selection.h"
#include "web/site.h"

#define MOST_MATCHERS 32 /* selectors in one question: each is a query */

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

static int ignore_point(void *context, const struct query_point *point)
{
	(void)context;
	(void)point;
	return 0;
}

static int find(struct querier_call *call, const struct querier_groups_question *question,
		const struct querier_selection *selection,
		const struct querier_groups_callback *callback)
{
	static const struct query_point_callback ignore = { .on_point = ignore_point };
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	int r;

	r = label_groups_new(question->names, question->n_names, &groups);
	if (r == 0 && querier_selection_type(selection))
		r = query_each_point(call->site->store, &selection->query, groups, &ignore);
	return r < 0 ? r : callback->on_groups(callback->context, selection, groups);
}

static bool find_selected(struct querier_call *call, const struct querier_groups_question *question,
			  const char *matcher, const struct querier_groups_callback *callback)
{
	const struct querier_scope scope = { NULL, matcher, question->start_ms, question->end_ms };
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };

	return querier_selection_init(call, &scope, &selection) &&
	       querier_call_goes_on(call, find(call, question, &selection, callback));
}

bool querier_groups_find(struct querier_call *call, const struct querier_groups_question *question,
			 const struct querier_groups_callback *callback)
{
	bool goes_on = true;

	if (question->n_matchers > MOST_MATCHERS) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "more than %d matchers",
			     MOST_MATCHERS);
		return false;
	}
	if (!question->n_matchers)
		return find_selected(call, question, "{}", callback);
	for (size_t i = 0; goes_on && i < question->n_matchers; i++)
		goes_on = find_selected(call, question, question->matchers[i], callback);
	return goes_on;
}
