/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_labels.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/label_groups.h"
#include "profiler/query_points.h"

DEFINE_CLEANUP(struct label_groups *, label_groups_free)
DEFINE_CLEANUP(struct string_table *, string_table_free)

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

static int texts_append(const char **texts, size_t n_texts, struct buffer *ret_json)
{
	_cleanup_(json_decrefp) json_t *array = json_array();

	if (!array)
		return -ENOMEM;
	qsort(texts, n_texts, sizeof(*texts), text_compare);
	for (size_t i = 0; i < n_texts; i++)
		if (json_array_append_new(array, json_string(texts[i])) < 0)
			return -ENOMEM;
	if (json_dump_callback(array, json_append, ret_json, JSON_COMPACT) == 0)
		return 0;
	return buffer_error(ret_json) ? buffer_error(ret_json) : -ENOMEM;
}

/* The values of a label by which alone @groups are grouped, but the empty one. */
static int values_append(const struct label_groups *groups, const char *label_name,
			 struct buffer *ret_json)
{
	size_t n_groups = label_groups_count(groups), n_values = 0;
	_cleanup_(freep) const char **values = calloc(n_groups + 1, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_groups; i++) {
		const char *value = label_group_value(label_groups_get(groups, i), label_name);

		if (*value)
			values[n_values++] = value;
	}
	return texts_append(values, n_values, ret_json);
}

static int group_add_names(const struct label_group *group, struct string_table *names)
{
	uint32_t number;
	int r = 0;

	for (size_t i = 0; r == 0 && i < group->n_labels; i++)
		r = string_table_add(names, group->labels[i].name, &number);
	return r;
}

/* The names of all labels of @groups. */
static int names_append(const struct label_groups *groups, struct buffer *ret_json)
{
	_cleanup_(string_table_freep) struct string_table *names = NULL;
	_cleanup_(freep) const char **sorted = NULL;
	uint32_t n_names;
	int r;

	r = string_table_new(&names);
	for (uint32_t i = 0; r == 0 && i < label_groups_count(groups); i++)
		r = group_add_names(label_groups_get(groups, i), names);
	if (r < 0)
		return r;
	n_names = string_table_count(names) - 1; /* number 0 is "" */
	sorted = calloc(n_names + 1UL, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_names; i++)
		sorted[i] = string_table_get(names, i + 1);
	return texts_append(sorted, n_names, ret_json);
}

int query_label_values(struct store *store, const struct query *query, const char *label_name,
		       struct buffer *ret_json)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	const struct query_point_callback callback = { .on_point = ignore_point };
	int r;

	r = label_groups_new(&label_name, 1, &groups);
	if (r == 0)
		r = query_each_point(store, query, groups, &callback);
	return r < 0 ? r : values_append(groups, label_name, ret_json);
}

int query_label_names(struct store *store, const struct query *query, struct buffer *ret_json)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = NULL;
	const struct query_point_callback callback = { .on_point = ignore_point };
	int r;

	r = label_groups_new(NULL, LABEL_GROUPS_BY_ALL, &groups);
	if (r == 0)
		r = query_each_point(store, query, groups, &callback);
	return r < 0 ? r : names_append(groups, ret_json);
}
