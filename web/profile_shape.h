/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile shape: what a request wants to see of a profile: the parameters focus, ignore, hide, show
 * and by.
 */

#include <stdbool.h>

#include "profiler/profile_filter.h"
#include "web/label_names.h"

struct query_budget;
struct request;

struct profile_shape {
	struct profile_filter filter; /* its patterns are owned */
	struct label_names by;        /* none: samples keep all labels */
};

/* Returns true and initialises *@ret_shape, or false: a parameter means nothing, or memory ran out,
 * and @request is answered. */
bool profile_shape_get(struct request *request, struct profile_shape *ret_shape);

/* Works on a zeroed struct. */
void profile_shape_fini(struct profile_shape *shape);

/*
 * Replace *@profile by what @shape makes of it; @budget pays.
 *
 * Returns 0, or -EDQUOT or -ENOMEM with *@profile as it was.
 */
int profile_shape_apply(const struct profile_shape *shape, struct query_budget *budget,
			struct profile **profile);
