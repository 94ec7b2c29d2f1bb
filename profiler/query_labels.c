/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_labels.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/label_groups.h"
#include "profiler/query_points.h"

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int json_append(const char *bytes, size_t size, void *buffer)
{
	buffer_append(buffer, bytes, size);
	return buffer_error(buffer);
}

static int ignore_point(void *context, const struct query_point *point)
{
	(void)context;
	(void)point;
	return 0;
}

/* The values of a label by which alone @groups are grouped, but the empty one. */
static int values_append(const struct label_groups *groups, const char *label_name,
			 struct buffer *ret_json)
{
	size_t n_groups = label_groups_count(groups), n_values = 0;
	_cleanup_(freep) const char **sorted = calloc(n_groups + 1, sizeof(*sorted));
	_cleanup_(json_decrefp) json_t *array = json_array();

	if (!sorted || !array)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_groups; i++) {
		const char *value = label_group_value(label_groups_get(groups, i), label_name);

		if (*value)
			sorted[n_values++] = value;
	}
	qsort(sorted, n_values, sizeof(*sorted), text_compare);
	for (size_t i = 0; i < n_values; i++) {
		if (json_array_append_new(array, json_string(sorted[i])) < 0)
			return -ENOMEM;
	}
	return json_dump_callback(array, json_append, ret_json, JSON_COMPACT) < 0 ? -ENOMEM : 0;
}

int query_label_values(struct store *store, const struct query *query, const char *label_name,
		       struct buffer *ret_json)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	const struct query_point_callback callback = { .on_point = ignore_point };
	int r;

	r = label_groups_new(&label_name, 1, &groups);
	if (r < 0)
		return r;
	r = query_each_point(store, query, groups, &callback);
	if (r < 0)
		return r;
	return values_append(groups, label_name, ret_json);
}
