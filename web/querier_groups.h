/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier groups: the labels of samples that any of a question's selectors selects.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_groups;
struct querier_call;
struct querier_selection;

struct querier_groups_question {
	char *const *matchers; /* selectors; none: everything, of every type */
	size_t n_matchers;
	int64_t start_ms, end_ms; /* as in querier_scope */
	const char *const *names; /* by which labels, as for label_groups_new() */
	size_t n_names;
};

struct querier_groups_callback {
	/* @groups are those of the samples of @selection. Returns 0 or -errno. */
	int (*on_groups)(void *context, const struct querier_selection *selection,
			 const struct label_groups *groups);
	void *context;
};

/*
 * Call @callback for each selector. Returns false if one of them means nothing, or something
 * failed, and @call is answered.
 */
bool querier_groups_find(struct querier_call *call, const struct querier_groups_question *question,
			 const struct querier_groups_callback *callback);
