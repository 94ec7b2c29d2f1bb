/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Selection: which samples a request asks for, as the job of its work.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "web/profile_shape.h"

struct encoder;
struct profile;
struct request;
struct site;

struct selection {
	struct query query;
	struct selector *selector; /* owned; also in @query */
	struct query_budget budget;
	struct profile_shape shape; /* owned; of a profile that is made of it */
	const struct encoder *encoder;
	uint32_t max_moments;   /* that it may show; 0: no more than a profile has */
	const char *label_name; /* borrowed from the request */
};

/*
 * Make the samples of [@start_unix_ns, @end_unix_ns) that the parameter `query` selects the job of
 * @request. Returns it (owned by @request), or NULL: the selector means nothing, or memory ran out,
 * and @request is answered.
 */
struct selection *selection_of_request(struct request *request, int64_t start_unix_ns,
				       int64_t end_unix_ns);

/* As above, by another parameter than `query`, and owned by the caller. */
struct selection *selection_new(struct request *request, const char *parameter,
				int64_t start_unix_ns, int64_t end_unix_ns);

/* The work begins: what @selection costs is counted from now on. On the worker's thread. */
void selection_begin(struct selection *selection, const struct site *site);

/*
 * Make the profile of @query, be it that of @selection or another one that its budget pays for, in
 * the shape of @selection. Returns 0 and sets *@ret_profile (owned by the caller), -EDQUOT if the
 * budget is used up, or -ENOMEM.
 */
int selection_run(struct selection *selection, const struct query *query, const struct site *site,
		  struct profile **ret_profile);

/*
 * The work of @request on @selection came to the result @r: 0 or -errno. Note the limits that were
 * met, and say so in a header. Returns true if @r is 0, else @request is answered.
 */
bool selection_end(struct request *request, const struct selection *selection, int r);

/* Accepts NULL. Always returns NULL. For who makes the selection part of another job. */
void *selection_free(struct selection *selection);
