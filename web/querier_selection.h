/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier selection: which samples, counted how, a question to the querier is about.
 *
 *     TYPE{__profile_type__="TYPE",comm="api"}  →  types { TYPE }, selector {comm="api"}
 *
 * What of a selector is about the type of profile is settled here, so that only labels of samples
 * are left to the query.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/query.h"
#include "web/querier_type.h"

struct querier_call;

/* How a question says it. */
struct querier_scope {
	const char *type_id; /* or NULL: of any type */
	const char *selector;
	int64_t start_ms, end_ms; /* unix milliseconds, both included; both 0: ever */
};

struct querier_selection {
	struct query query;
	struct selector *selector;         /* owned; also in @query */
	bool has_type[QUERIER_TYPE_COUNT]; /* of querier_types; none: nothing is selected */
};

/*
 * What @scope selects. A scope with a type is one that asks for samples: its id has five parts, and
 * a selector and a time are there.
 *
 * Fills the zeroed *@ret_selection. Returns false if @scope means nothing, and @call is answered.
 */
bool querier_selection_init(struct querier_call *call, const struct querier_scope *scope,
			    struct querier_selection *ret_selection);

/* Works on a zeroed struct. */
void querier_selection_fini(struct querier_selection *selection);

/* The first of the types that are selected, or NULL. */
const struct querier_type *querier_selection_type(const struct querier_selection *selection);
