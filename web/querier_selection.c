/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_selection.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/selector.h"
#include "web/connect.h"
#include "web/querier_call.h"

#define MOST_MS (INT64_MAX / NS_PER_MS / 2) /* in the year 2116 */

#define N_TYPE_PARTS 5

static int64_t clamp_ms(int64_t ms)
{
	if (ms < -MOST_MS)
		return -MOST_MS;
	return ms > MOST_MS ? MOST_MS : ms;
}

/* A sample's time is the middle of its second, today as in history. */
static bool set_range(struct querier_call *call, const struct querier_scope *scope,
		      struct query *query)
{
	if (scope->start_ms > scope->end_ms) {
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "the start is after the end");
		return false;
	}
	query->start_unix_ns = clamp_ms(scope->start_ms) * NS_PER_MS;
	query->end_unix_ns = (clamp_ms(scope->end_ms) + 1) * NS_PER_MS;
	if (!scope->start_ms && !scope->end_ms)
		query->end_unix_ns = INT64_MAX;
	query->is_by_second = true;
	return true;
}

/* How many bytes at the start of @text name a type: all before the "{", or none. */
static size_t type_length(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_:.-");

	return !text[length] || text[length] == '{' ? length : 0;
}

static bool parse_selector(struct querier_call *call, const char *text,
			   struct querier_selection *selection)
{
	char error[512];
	int r;

	r = selector_parse(text, &selection->selector, error, sizeof(error));
	if (r == 0)
		r = selector_rename(selection->selector, QUERIER_SERVICE, LABEL_SERVICE);
	selection->query.selector = selection->selector;
	selection->query.budget = &call->budget;
	if (r != -EINVAL)
		return querier_call_goes_on(call, r);
	connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "%s", error);
	return false;
}

static bool is_type(const struct querier_type *type, const char *id, size_t length)
{
	const char *own_id = type->labels[TYPE_LABEL_ID].value;

	return strlen(own_id) == length && !memcmp(own_id, id, length);
}

static size_t count_parts(const char *type_id)
{
	size_t n_parts = 1;

	while ((type_id = strchr(type_id, ':'))) {
		type_id++;
		n_parts++;
	}
	return n_parts;
}

/* Whether @scope says all that is needed to select samples. */
static bool is_complete(struct querier_call *call, const struct querier_scope *scope)
{
	const char *missing = NULL;

	if (count_parts(scope->type_id) < N_TYPE_PARTS)
		missing = "profile_typeID is not of the form name:sample type:sample unit:"
			  "period type:period unit";
	else if (!scope->selector[0])
		missing = "label_selector is empty: {} selects everything";
	else if (!scope->start_ms && !scope->end_ms)
		missing = "missing time range in the query: start and end are 0";
	if (missing)
		connect_fail(call->request, CONNECT_INVALID_ARGUMENT, "%s", missing);
	return !missing;
}

bool querier_selection_init(struct querier_call *call, const struct querier_scope *scope,
			    struct querier_selection *ret_selection)
{
	const char *id = scope->selector + strspn(scope->selector, " \t\r\n");
	size_t length = type_length(id);

	if ((scope->type_id && !is_complete(call, scope)) ||
	    !set_range(call, scope, &ret_selection->query) ||
	    !parse_selector(call, id + length, ret_selection))
		return false;
	for (size_t i = 0; i < QUERIER_TYPE_COUNT; i++) {
		const struct querier_type *type = &querier_types[i];

		ret_selection->has_type[i] =
			(!scope->type_id ||
			 is_type(type, scope->type_id, strlen(scope->type_id))) &&
			(!length || is_type(type, id, length)) &&
			selector_allows(ret_selection->selector, type->labels, TYPE_LABEL_COUNT);
	}
	selector_forget(ret_selection->selector, querier_types[0].labels, TYPE_LABEL_COUNT);
	return true;
}

void querier_selection_fini(struct querier_selection *selection)
{
	selector_free(selection->selector);
	*selection = (struct querier_selection){ 0 };
}

const struct querier_type *querier_selection_type(const struct querier_selection *selection)
{
	for (size_t i = 0; i < QUERIER_TYPE_COUNT; i++) {
		if (selection->has_type[i])
			return &querier_types[i];
	}
	return NULL;
}
