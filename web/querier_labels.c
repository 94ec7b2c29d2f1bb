/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_labels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label_groups.h"
#include "profiler/query_points.h"
#include "web/connect.h"
#include "web/querier.pb-c.h"
#include "web/querier_call.h"
#include "web/querier_selection.h"
#include "web/request.h"
#include "web/site.h"

#define MOST_MATCHERS 32 /* selectors in one question */

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

/* Texts, each once. */
struct texts {
	struct string_table *table;
	char **sorted; /* borrowed from the table */
	size_t count;
};

static void texts_fini(struct texts *texts)
{
	string_table_free(texts->table);
	free(texts->sorted);
}

static int texts_add(struct texts *texts, const char *text)
{
	uint32_t number;

	return string_table_add(texts->table, text, &number);
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All but the empty one, which is number 0. */
static int texts_sort(struct texts *texts)
{
	texts->count = string_table_count(texts->table) - 1;
	texts->sorted = calloc(texts->count + 1, sizeof(*texts->sorted));
	if (!texts->sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < texts->count; i++)
		texts->sorted[i] = (char *)(uintptr_t)string_table_get(texts->table, i + 1);
	qsort(texts->sorted, texts->count, sizeof(*texts->sorted), text_compare);
	return 0;
}

static int ignore_point(void *context, const struct query_point *point)
{
	(void)context;
	(void)point;
	return 0;
}

/* Find the groups of the selected samples by some labels. */
static int find_groups(struct querier_call *call, const struct querier_selection *selection,
		       const char *const *names, size_t n_names, struct label_groups **ret_groups)
{
	static const struct query_point_callback ignore = { .on_point = ignore_point };
	int r;

	r = label_groups_new(names, n_names, ret_groups);
	if (r < 0 || !querier_selection_type(selection))
		return r;
	return query_each_point(call->site->store, &selection->query, *ret_groups, &ignore);
}

/* What is listed: names of labels, or the values of @name. */
struct listing {
	struct querier_call *call;
	const char *name; /* or NULL */
	struct querier_scope scope;
	struct texts texts;
};

static int add_names(struct texts *texts, const struct label *labels, size_t n_labels)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_labels; i++)
		r = texts_add(texts, labels[i].name);
	return r;
}

/* Add the value of the label @name that each of the selected types has. */
static int add_type_values(struct listing *listing, const struct querier_selection *selection)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < PROFILE_TYPE_COUNT; i++) {
		const struct label *label = profile_type_label(&profile_types[i], listing->name);

		if (selection->has_type[i])
			r = texts_add(&listing->texts, label->value);
	}
	return r;
}

static int add_from_group(struct listing *listing, const struct label_group *group)
{
	if (listing->name)
		return texts_add(&listing->texts, label_group_value(group, listing->name));
	return add_names(&listing->texts, group->labels, group->n_labels);
}

/* Add what is to be listed of the selected samples. */
static int add_selected(struct listing *listing, const struct querier_selection *selection)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	size_t n_names = listing->name ? 1 : LABEL_GROUPS_BY_ALL, n_groups;
	int r;

	r = find_groups(listing->call, selection, &listing->name, n_names, &groups);
	if (r < 0)
		return r;
	n_groups = label_groups_count(groups);
	if (n_groups && !listing->name)
		r = add_names(&listing->texts, profile_types[0].labels, TYPE_LABEL_COUNT);
	else if (n_groups && profile_type_label(&profile_types[0], listing->name))
		r = add_type_values(listing, selection);
	for (uint32_t i = 0; r == 0 && i < n_groups; i++)
		r = add_from_group(listing, label_groups_get(groups, i));
	return r;
}

static bool list_selected(struct listing *listing, const char *matcher)
{
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };

	listing->scope.selector = matcher;
	return querier_selection_init(listing->call, &listing->scope, &selection) &&
	       querier_call_goes_on(listing->call, add_selected(listing, &selection));
}

/* Collect and sort what is listed. Returns false if the call is answered. */
static bool list(struct listing *listing, char *const *matchers, size_t n_matchers)
{
	struct querier_call *call = listing->call;
	bool goes_on;

	if (n_matchers > MOST_MATCHERS) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "more than %d matchers",
			     MOST_MATCHERS);
		return false;
	}
	goes_on = querier_call_goes_on(call, string_table_new(&listing->texts.table));
	if (goes_on && !n_matchers)
		goes_on = list_selected(listing, "{}");
	for (size_t i = 0; goes_on && i < n_matchers; i++)
		goes_on = list_selected(listing, matchers[i]);
	return goes_on && querier_call_goes_on(call, texts_sort(&listing->texts));
}

static void listing_fini(struct listing *listing)
{
	texts_fini(&listing->texts);
}

void querier_label_names(struct querier_call *call)
{
	const Querier__LabelNamesRequest *question =
		(const Querier__LabelNamesRequest *)call->question;
	Querier__LabelNamesResponse answer = QUERIER__LABEL_NAMES_RESPONSE__INIT;
	_cleanup_(listing_fini) struct listing listing = {
		.call = call,
		.scope = { .start_ms = question->start, .end_ms = question->end },
	};

	if (!list(&listing, question->matchers, question->n_matchers))
		return;
	answer.names = listing.texts.sorted;
	answer.n_names = listing.texts.count;
	connect_answer(call->request, &answer.base);
}

void querier_label_values(struct querier_call *call)
{
	const Querier__LabelValuesRequest *question =
		(const Querier__LabelValuesRequest *)call->question;
	Querier__LabelValuesResponse answer = QUERIER__LABEL_VALUES_RESPONSE__INIT;
	_cleanup_(listing_fini) struct listing listing = {
		.call = call,
		.name = question->name,
		.scope = { .start_ms = question->start, .end_ms = question->end },
	};

	if (!question->name[0]) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "name is required");
		return;
	}
	if (!list(&listing, question->matchers, question->n_matchers))
		return;
	answer.names = listing.texts.sorted;
	answer.n_names = listing.texts.count;
	connect_answer(call->request, &answer.base);
}

static void write_type(const struct profile_type *type, Querier__ProfileType *ret_message)
{
	const struct label *labels = type->labels;

	querier__profile_type__init(ret_message);
	ret_message->id = (char *)(uintptr_t)labels[TYPE_LABEL_ID].value;
	ret_message->name = (char *)(uintptr_t)labels[TYPE_LABEL_NAME].value;
	ret_message->sample_type = (char *)(uintptr_t)labels[TYPE_LABEL_SAMPLE_TYPE].value;
	ret_message->sample_unit = (char *)(uintptr_t)labels[TYPE_LABEL_SAMPLE_UNIT].value;
	ret_message->period_type = (char *)(uintptr_t)labels[TYPE_LABEL_PERIOD_TYPE].value;
	ret_message->period_unit = (char *)(uintptr_t)labels[TYPE_LABEL_PERIOD_UNIT].value;
}

/* Those of which there are samples; all, if no range is told, as by who wants to know us. */
void querier_profile_types(struct querier_call *call)
{
	const Querier__ProfileTypesRequest *question =
		(const Querier__ProfileTypesRequest *)call->question;
	_cleanup_(querier_selection_fini) struct querier_selection selection = { 0 };
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	Querier__ProfileTypesResponse answer = QUERIER__PROFILE_TYPES_RESPONSE__INIT;
	const struct querier_scope scope = { NULL, "{}", question->start, question->end };
	Querier__ProfileType types[PROFILE_TYPE_COUNT], *pointers[PROFILE_TYPE_COUNT];

	if (!querier_selection_init(call, &scope, &selection) ||
	    !querier_call_goes_on(call, find_groups(call, &selection, NULL, 0, &groups)))
		return;
	for (size_t i = 0; i < PROFILE_TYPE_COUNT; i++) {
		write_type(&profile_types[i], &types[i]);
		pointers[i] = &types[i];
	}
	answer.profile_types = pointers;
	if (label_groups_count(groups) || (!question->start && !question->end))
		answer.n_profile_types = PROFILE_TYPE_COUNT;
	connect_answer(call->request, &answer.base);
}
