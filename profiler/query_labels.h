/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Query labels: which labels there are in a range, and which values one has.
 */

struct buffer;
struct query;
struct store;

/*
 * Append to @ret_json a JSON array of strings: the distinct values of a label in the range, sorted,
 * without the empty one. Returns 0, -EDQUOT if the budget is used up, or -ENOMEM.
 */
int query_label_values(struct store *store, const struct query *query, const char *label_name,
		       struct buffer *ret_json);

/* As above: the names of the labels that are there. */
int query_label_names(struct store *store, const struct query *query, struct buffer *ret_json);
