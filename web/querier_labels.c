/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_labels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/string_table.h"
#include "profiler/label_groups.h"
#include "profiler/query.h"
#include "profiler/query_points.h"
#include "web/connect.h"
#include "web/querier.pb-c.h"
#include "web/querier_call.h"
#include "web/querier_groups.h"
#include "web/querier_selection.h"
#include "web/request.h"
#include "web/site.h"

#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define MS_PER_S      1000

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

/* What is listed: names of labels, or the values of @name. */
struct listing {
	const char *name; /* or NULL */
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

	for (size_t i = 0; r == 0 && i < QUERIER_TYPE_COUNT; i++) {
		const struct label *label = querier_type_label(&querier_types[i], listing->name);

		if (selection->has_type[i])
			r = texts_add(&listing->texts, label->value);
	}
	return r;
}

static int add_from_group(struct listing *listing, const struct label_group *group)
{
	int r = 0;

	if (listing->name)
		return texts_add(&listing->texts, label_group_value(group, listing->name));
	if (*label_group_value(group, LABEL_SERVICE))
		r = texts_add(&listing->texts, QUERIER_SERVICE);
	return r < 0 ? r : add_names(&listing->texts, group->labels, group->n_labels);
}

/* Add what is to be listed of selected samples. */
static int add_groups(void *context, const struct querier_selection *selection,
		      const struct label_groups *groups)
{
	struct listing *listing = context;
	size_t n_groups = label_groups_count(groups);
	int r = 0;

	if (n_groups && !listing->name)
		r = add_names(&listing->texts, querier_types[0].labels, TYPE_LABEL_COUNT);
	else if (n_groups && querier_type_label(&querier_types[0], listing->name))
		r = add_type_values(listing, selection);
	for (uint32_t i = 0; r == 0 && i < n_groups; i++)
		r = add_from_group(listing, label_groups_get(groups, i));
	return r;
}

/* Collect and sort what is listed. Returns false if the call is answered. */
static bool list(struct querier_call *call, struct querier_groups_question *question,
		 struct listing *listing)
{
	const struct querier_groups_callback callback = { add_groups, listing };

	question->names = &listing->name;
	question->n_names = listing->name ? 1 : LABEL_GROUPS_BY_ALL;
	return querier_call_goes_on(call, string_table_new(&listing->texts.table)) &&
	       querier_groups_find(call, question, &callback) &&
	       querier_call_goes_on(call, texts_sort(&listing->texts));
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
	_cleanup_(listing_fini) struct listing listing = { 0 };
	struct querier_groups_question groups = {
		.matchers = question->matchers,
		.n_matchers = question->n_matchers,
		.start_ms = question->start,
		.end_ms = question->end,
	};

	if (!list(call, &groups, &listing))
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
	_cleanup_(listing_fini) struct listing listing = { .name = querier_sample_label(
								   question->name) };
	struct querier_groups_question groups = {
		.matchers = question->matchers,
		.n_matchers = question->n_matchers,
		.start_ms = question->start,
		.end_ms = question->end,
	};

	if (!question->name[0]) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "name is required");
		return;
	}
	if (!list(call, &groups, &listing))
		return;
	answer.names = listing.texts.sorted;
	answer.n_names = listing.texts.count;
	connect_answer(call->request, &answer.base);
}

static void write_type(const struct querier_type *type, Querier__ProfileType *ret_message)
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

static int note_groups(void *any, const struct querier_selection *selection,
		       const struct label_groups *groups)
{
	(void)selection;
	*(bool *)any = label_groups_count(groups);
	return 0;
}

/* Those of which there are samples; all, if no range is told, as by who wants to know us. */
void querier_profile_types(struct querier_call *call)
{
	const Querier__ProfileTypesRequest *question =
		(const Querier__ProfileTypesRequest *)call->question;
	const struct querier_groups_question groups = { .start_ms = question->start,
							.end_ms = question->end };
	Querier__ProfileTypesResponse answer = QUERIER__PROFILE_TYPES_RESPONSE__INIT;
	Querier__ProfileType types[QUERIER_TYPE_COUNT], *pointers[QUERIER_TYPE_COUNT];
	bool any = !question->start && !question->end;
	const struct querier_groups_callback callback = { note_groups, &any };

	if (!any && !querier_groups_find(call, &groups, &callback))
		return;
	for (size_t i = 0; i < QUERIER_TYPE_COUNT; i++) {
		write_type(&querier_types[i], &types[i]);
		pointers[i] = &types[i];
	}
	answer.profile_types = pointers;
	answer.n_profile_types = any ? QUERIER_TYPE_COUNT : 0;
	connect_answer(call->request, &answer.base);
}

static int note_newest(void *newest_ns, const struct query_point *point)
{
	if (point->unix_ns > *(int64_t *)newest_ns)
		*(int64_t *)newest_ns = point->unix_ns;
	return 0;
}

/* The time of the newest sample, or 0. It is looked for where it is expected first: now, then where
 * the last window of history begins. */
static int find_newest(struct querier_call *call, int64_t *ret_newest_ns)
{
	const int64_t starts_ns[] = {
		clock_unix_ns() - NS_PER_MINUTE,
		call->request->status.history.newest_unix_s * NS_PER_SECOND,
		0,
	};
	const struct query_point_callback callback = { note_newest, ret_newest_ns };
	struct query query = { .end_unix_ns = INT64_MAX,
			       .budget = &call->budget,
			       .grid.step_ns = NS_PER_SECOND };
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	int r;

	*ret_newest_ns = 0;
	r = label_groups_new(NULL, 0, &groups);
	for (size_t i = 0; r == 0 && !*ret_newest_ns && i < ARRAY_SIZE(starts_ns); i++) {
		query.start_unix_ns = starts_ns[i];
		r = query_each_point(call->site->store, &query, groups, &callback);
	}
	return r;
}

/* Where the first window begins, be it in memory or in history; 0: there is none. */
static int64_t find_oldest_ms(const struct status *status)
{
	int64_t stored_ms = status->store.oldest_unix_ns / NS_PER_MS;
	int64_t kept_ms = status->history.oldest_unix_s * MS_PER_S;

	return kept_ms && (!stored_ms || kept_ms < stored_ms) ? kept_ms : stored_ms;
}

void querier_get_profile_stats(struct querier_call *call)
{
	Querier__GetProfileStatsResponse answer = QUERIER__GET_PROFILE_STATS_RESPONSE__INIT;
	int64_t newest_ns;

	if (!querier_call_goes_on(call, find_newest(call, &newest_ns)))
		return;
	answer.data_ingested = newest_ns != 0;
	if (newest_ns) {
		answer.oldest_profile_time = find_oldest_ms(&call->request->status);
		answer.newest_profile_time = newest_ns / NS_PER_MS;
	}
	connect_answer(call->request, &answer.base);
}
