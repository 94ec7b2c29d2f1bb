/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Query points: when samples were, and of which group, without stacks and names.
 *
 *     samples  --query_each_point-->  (group, time, count, value) …  →  series, timeline, heat map
 *
 * Groups are those of label_groups.h, by the labels that who asks has chosen.
 */

#include <stdint.h>

struct label_groups;
struct query;
struct store;

/*
 * One sample, or some of a group that were taken at one time. They were taken within @quantum_ns
 * around
 * @unix_ns; by that alone it is decided to which range they belong.
 */
struct query_point {
	uint32_t group;
	int64_t unix_ns;
	int64_t quantum_ns; /* 1, or a second where nothing finer was kept */
	uint64_t count;
	uint64_t value;
};

struct query_point_callback {
	int (*on_point)(void *context, const struct query_point *point);
	void *context;
};

/*
 * Call @callback for the selected samples, in no certain order. Their groups are added to @groups
 * before. Those of a thread that are in one step of the query's grid may come as one, at any time
 * in it. It returns 0, or -errno, which ends it.
 *
 * Returns what it did, -EDQUOT if the query's budget is used up, or -ENOMEM.
 */
int query_each_point(struct store *store, const struct query *query, struct label_groups *groups,
		     const struct query_point_callback *callback);
