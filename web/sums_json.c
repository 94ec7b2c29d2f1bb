/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sums_json.h"

#include <inttypes.h>
#include <stddef.h>

#include "profiler/base/buffer.h"
#include "profiler/build_changes.h"
#include "profiler/heatmap.h"
#include "profiler/label_groups.h"
#include "profiler/query.h"
#include "profiler/series_set.h"
#include "web/json_text.h"

static void append_range(struct buffer *out, const struct query *query)
{
	buffer_append_string(out, "{\"from\":");
	json_text_append_seconds(out, query->start_unix_ns);
	buffer_append_string(out, ",\"to\":");
	json_text_append_seconds(out, query->end_unix_ns);
}

static void append_sum(struct buffer *out, uint64_t count, uint64_t value)
{
	buffer_printf(out, ",\"count\":%" PRIu64 ",\"value\":%" PRIu64, count, value);
}

static int append_end(struct buffer *out, unsigned int limits_met)
{
	buffer_append_string(out, ",\"limits\":");
	json_text_append_limits(out, limits_met);
	buffer_append_string(out, "}\n");
	return buffer_error(out);
}

static void append_values(struct buffer *out, const struct series *series, size_t n_steps)
{
	buffer_append_string(out, ",\"values\":[");
	for (size_t i = 0; i < n_steps; i++)
		buffer_printf(out, "%s%" PRIu64, i ? "," : "", series->steps[i].value);
	buffer_append_char(out, ']');
}

/* With the values of each step, if there are @n_steps. */
static void append_series(struct buffer *out, const struct series *series, size_t n_steps)
{
	if (series->group) {
		buffer_append_string(out, "{\"labels\":");
		json_text_append_labels(out, series->group->labels, series->group->n_labels);
	} else {
		buffer_printf(out, "{\"groups\":%zu", series->n_groups);
	}
	append_sum(out, series->total.count, series->total.value);
	if (n_steps)
		append_values(out, series, n_steps);
	buffer_append_char(out, '}');
}

static void append_all_series(struct buffer *out, const struct series_set *set, size_t n_steps)
{
	const struct series *other = NULL;

	buffer_append_string(out, ",\"series\":[");
	for (size_t i = 0; i < set->n_series; i++) {
		if (!set->series[i].group) {
			other = &set->series[i];
			break;
		}
		if (i)
			buffer_append_char(out, ',');
		append_series(out, &set->series[i], n_steps);
	}
	buffer_append_string(out, "],\"other\":");
	if (other)
		append_series(out, other, n_steps);
	else
		buffer_append_string(out, "null");
}

int sums_json_append_series(const struct series_set *set, const struct query *query,
			    unsigned int limits_met, struct buffer *ret_json)
{
	append_range(ret_json, query);
	append_sum(ret_json, set->total.count, set->total.value);
	append_all_series(ret_json, set, 0);
	return append_end(ret_json, limits_met);
}

int sums_json_append_timeline(const struct series_set *set, const struct query *query,
			      int64_t step_ns, unsigned int limits_met, struct buffer *ret_json)
{
	append_range(ret_json, query);
	buffer_append_string(ret_json, ",\"step\":");
	json_text_append_seconds(ret_json, step_ns);
	buffer_printf(ret_json, ",\"steps\":%zu", set->n_steps);
	append_sum(ret_json, set->total.count, set->total.value);
	append_all_series(ret_json, set, set->n_steps);
	return append_end(ret_json, limits_met);
}

static void append_counts(struct buffer *out, const uint64_t *counts, size_t n_counts)
{
	for (size_t i = 0; i < n_counts; i++)
		buffer_printf(out, "%c%" PRIu64, i ? ',' : '[', counts[i]);
	buffer_append_char(out, ']');
}

int sums_json_append_heatmap(const struct heatmap *heatmap, unsigned int limits_met,
			     struct buffer *ret_json)
{
	buffer_printf(ret_json, "{\"from\":%" PRId64 ",\"column\":%" PRIu64, heatmap->start_unix_s,
		      heatmap->column_s);
	buffer_printf(ret_json, ",\"columns\":%zu,\"rows\":%zu", heatmap->n_columns,
		      heatmap->n_rows);
	append_sum(ret_json, heatmap->count, heatmap->value);
	buffer_append_string(ret_json, ",\"counts\":[");
	for (size_t i = 0; i < heatmap->n_columns; i++) {
		if (i)
			buffer_append_char(ret_json, ',');
		append_counts(ret_json, &heatmap->counts[i * heatmap->n_rows], heatmap->n_rows);
	}
	buffer_append_string(ret_json, "],\"coarse\":");
	append_counts(ret_json, heatmap->coarse, heatmap->n_columns);
	return append_end(ret_json, limits_met);
}

static void append_build_id(struct buffer *out, const char *name, const struct build_id *id)
{
	buffer_printf(out, ",\"%s\":\"", name);
	for (uint32_t i = 0; i < id->n_bytes; i++)
		buffer_printf(out, "%02x", id->bytes[i]);
	buffer_append_char(out, '"');
}

static void append_change(struct buffer *out, const struct build_change *change)
{
	buffer_append_string(out, "{\"time\":");
	json_text_append_seconds(out, change->unix_ns);
	buffer_append_string(out, ",\"file\":");
	json_text_append_string(out, change->path);
	append_build_id(out, "build_id", &change->build_id);
	append_build_id(out, "before", &change->before);
	buffer_append_string(out, ",\"before_until\":");
	json_text_append_seconds(out, change->before_until_unix_ns);
	buffer_printf(out, ",\"count\":%" PRIu64 "}", change->count);
}

int sums_json_append_builds(const struct build_changes *changes, const struct query *query,
			    unsigned int limits_met, struct buffer *ret_json)
{
	append_range(ret_json, query);
	buffer_append_string(ret_json, ",\"builds\":[");
	for (size_t i = 0; i < changes->n_changes; i++) {
		if (i)
			buffer_append_char(ret_json, ',');
		append_change(ret_json, &changes->changes[i]);
	}
	buffer_printf(ret_json, "],\"left_out\":%zu", changes->n_left_out);
	return append_end(ret_json, limits_met);
}
