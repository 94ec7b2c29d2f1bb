/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sums as JSON: series, timelines, heat maps, and changes of builds. docs/api.md shows what it
 * looks like.
 */

#include <stdint.h>

struct buffer;
struct build_changes;
struct heatmap;
struct query;
struct series_set;

/*
 * Each appends to @ret_json what @query came to; @limits_met has a bit for each limit that was met.
 * Returns 0, -ENOMEM, or -EFBIG if the limit of @ret_json does not suffice.
 */
int sums_json_append_series(const struct series_set *set, const struct query *query,
			    unsigned int limits_met, struct buffer *ret_json);

/* With the sums of each step of @step_ns. */
int sums_json_append_timeline(const struct series_set *set, const struct query *query,
			      int64_t step_ns, unsigned int limits_met, struct buffer *ret_json);

int sums_json_append_heatmap(const struct heatmap *heatmap, unsigned int limits_met,
			     struct buffer *ret_json);

int sums_json_append_builds(const struct build_changes *changes, const struct query *query,
			    unsigned int limits_met, struct buffer *ret_json);
