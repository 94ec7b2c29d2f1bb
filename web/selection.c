/* SPDX-License-Identifier: Apache-2.0 */
#include "web/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/encoder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/profile.h"
#include "profiler/selector.h"
#include "web/request.h"
#include "web/site.h"

void *selection_free(struct selection *selection)
{
	if (!selection)
		return NULL;
	selector_free(selection->selector);
	profile_shape_fini(&selection->shape);
	free(selection);
	return NULL;
}

DEFINE_CLEANUP(struct selection *, selection_free)
DEFINE_CLEANUP(struct profile *, profile_free)

static void free_job(void *job)
{
	selection_free(job);
}

static int parse_selector(struct request *request, const char *parameter,
			  struct selector **ret_selector)
{
	const char *text = request_get(request, parameter);
	char error[512];
	int r;

	if (!text)
		return 0;
	r = selector_parse(text, ret_selector, error, sizeof(error));
	if (r == -EINVAL)
		answer_fail(&request->answer, 400, "parameter %s: %s", parameter, error);
	else if (r < 0)
		answer_fail_busy(&request->answer, "out of memory");
	return r;
}

struct selection *selection_new(struct request *request, const char *parameter,
				int64_t start_unix_ns, int64_t end_unix_ns)
{
	_cleanup_(selection_freep) struct selection *selection = calloc(1, sizeof(*selection));

	if (!selection) {
		answer_fail_busy(&request->answer, "out of memory");
		return NULL;
	}
	if (parse_selector(request, parameter, &selection->selector) < 0)
		return NULL;
	selection->query = (struct query){
		.start_unix_ns = start_unix_ns,
		.end_unix_ns = end_unix_ns,
		.selector = selection->selector,
		.budget = &selection->budget,
	};
	return steal(selection);
}

struct selection *selection_of_request(struct request *request, int64_t start_unix_ns,
				       int64_t end_unix_ns)
{
	request->job = selection_new(request, "query", start_unix_ns, end_unix_ns);
	request->free_job = free_job;
	return request->job;
}

void selection_begin(struct selection *selection, const struct site *site)
{
	query_budget_init(&selection->budget, site->query_cpu_ns, site->query_bytes);
}

int selection_run(struct selection *selection, const struct query *query, const struct site *site,
		  struct profile **ret_profile)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	int r;

	if (selection->encoder && selection->encoder->wants_moments)
		r = query_run_timed(site->store, query, &profile);
	else
		r = query_run(site->store, query, &profile);
	if (r == 0)
		r = profile_shape_apply(&selection->shape, &selection->budget, &profile);
	if (r == 0)
		*ret_profile = steal(profile);
	return r;
}

static void fail_budget(struct answer *answer, const struct query_budget *budget)
{
	if (query_budget_has_met(budget, QUERY_LIMIT_MEMORY))
		answer_fail(answer, 400,
			    "the query needs more than %zu MiB of memory: select less, or a "
			    "shorter range",
			    budget->bytes >> 20);
	else
		answer_fail(answer, 400,
			    "the query needs more than %.3g s of CPU time: select less, or a "
			    "shorter range",
			    (double)budget->cpu_ns / NS_PER_SECOND);
}

bool selection_end(struct request *request, const struct selection *selection, int r)
{
	const struct query_budget *budget = &selection->budget;
	struct answer *answer = &request->answer;

	request->limits_met |= query_budget_limits(budget);
	if (r == -EDQUOT) {
		fail_budget(answer, budget);
	} else if (r == -EFBIG) {
		request->limits_met |= 1U << QUERY_LIMIT_ANSWER;
		answer_fail(answer, 400, "the answer is larger than %lu MiB: select less of it",
			    SITE_ANSWER_MAX >> 20);
	} else if (r == -ENOMEM) {
		answer_fail_busy(answer, "out of memory");
	} else if (r < 0) {
		answer_fail(answer, 500, "the query failed: %s", strerror(-r));
	} else {
		request_tell_limits(request);
	}
	return r == 0;
}
