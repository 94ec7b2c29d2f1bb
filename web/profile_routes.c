/* SPDX-License-Identifier: Apache-2.0 */
#include "web/profile_routes.h"

#include <stdlib.h>
#include <string.h>

#include "export/encoder.h"
#include "export/folded_diff.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "profiler/profile_diff.h"
#include "profiler/profile_top.h"
#include "web/api_routes.h"
#include "web/profile_answer.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"
#include "web/time_range.h"
#include "web/top_json.h"

enum { DEFAULT_FUNCTIONS = 50, MAX_FUNCTIONS = 10000 };

DEFINE_CLEANUP(struct profile *, profile_free)

/* The selection of @request, with its shape, as its job; NULL: it is answered. */
static struct selection *begin_selection(struct request *request)
{
	struct selection *selection;
	int64_t start_ns, end_ns;

	if (!api_type_is_good(request) || !api_get_range(request, &start_ns, &end_ns))
		return NULL;
	selection = selection_of_request(request, start_ns, end_ns);
	if (!selection || !profile_shape_get(request, &selection->shape))
		return NULL;
	return selection;
}

struct top_job {
	struct selection *selection; /* the request's job, before; owned */
	enum top_order order;
	uint32_t n_functions;
};

static void top_job_free(void *pointer)
{
	struct top_job *job = pointer;

	selection_free(job->selection);
	free(job);
}

static int append_top(struct request *request, const struct site *site, struct top_job *job)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(profile_top_fini) struct profile_top top = { 0 };
	int r;

	job->selection->query.is_unlabeled = true;
	r = selection_run(job->selection, &job->selection->query, site, &profile);
	if (r == 0)
		r = profile_top_init(profile, job->order, &top);
	if (r < 0)
		return r;
	return top_json_append(&top, profile, job->n_functions,
			       query_budget_limits(&job->selection->budget), &request->answer.body);
}

static void work_top(struct request *request, struct site *site)
{
	struct top_job *job = request->job;

	request->answer.body.limit = SITE_ANSWER_MAX;
	selection_begin(job->selection, site);
	if (selection_end(request, job->selection, append_top(request, site, job)))
		answer_finish(&request->answer, ANSWER_JSON);
}

static bool get_order(struct request *request, enum top_order *ret_order)
{
	const char *value = request_get(request, "sort");

	*ret_order = value && !strcmp(value, "total") ? TOP_BY_TOTAL : TOP_BY_SELF;
	if (!value || *ret_order == TOP_BY_TOTAL || !strcmp(value, "self"))
		return true;
	answer_fail_parameter(&request->answer, "sort", value, "self or total");
	return false;
}

void profile_begin_top(struct request *request, struct site *site)
{
	struct selection *selection = begin_selection(request);
	struct top_job *job;

	(void)site;
	if (!selection)
		return;
	job = calloc(1, sizeof(*job));
	if (!job) {
		answer_fail_busy(&request->answer, "out of memory");
		return;
	}
	job->selection = selection;
	request->job = job;
	request->free_job = top_job_free;
	if (request_get_count(request, "n", MAX_FUNCTIONS, DEFAULT_FUNCTIONS, &job->n_functions) &&
	    get_order(request, &job->order))
		request->work = work_top;
}

struct diff_job {
	struct selection *selection; /* the request's job, before; owned, as is the next */
	struct selection *base;
	const struct encoder *encoder; /* pprof's or folded's */
};

static void diff_job_free(void *pointer)
{
	struct diff_job *job = pointer;

	selection_free(job->selection);
	selection_free(job->base);
	free(job);
}

/* Both sides are of one budget, which holds them to the end, and have one shape. */
static int run_sides(struct diff_job *job, const struct site *site, struct profile **ret_base,
		     struct profile **ret_profile)
{
	struct selection *selection = job->selection;
	struct query query = job->base->query;
	int r;

	query.budget = &selection->budget;
	if (!query.selector)
		query.selector = selection->query.selector;
	r = selection_run(selection, &query, site, ret_base);
	if (r < 0)
		return r;
	query_budget_hold(&selection->budget, profile_bytes(*ret_base));
	r = selection_run(selection, &selection->query, site, ret_profile);
	if (r == 0)
		query_budget_hold(&selection->budget, profile_bytes(*ret_profile));
	return r;
}

static int append_diff(struct request *request, const struct site *site, struct diff_job *job)
{
	_cleanup_(profile_freep) struct profile *base = NULL, *profile = NULL, *diff = NULL;
	int r;

	r = run_sides(job, site, &base, &profile);
	if (r < 0)
		return r;
	if (job->encoder != &encoders[0])
		return folded_diff_encode(base, profile, &request->answer.body);
	r = profile_diff(base, profile, &job->selection->budget, &diff);
	return r < 0 ? r : profile_answer_encode(request, site, diff, job->encoder);
}

static void work_diff(struct request *request, struct site *site)
{
	struct diff_job *job = request->job;

	if (!profile_answer_has_room(request, site))
		return;
	request->answer.body.limit = SITE_ANSWER_MAX;
	selection_begin(job->selection, site);
	if (selection_end(request, job->selection, append_diff(request, site, job)))
		profile_answer_finish(request, job->encoder);
}

static bool get_diff_encoder(struct request *request, const struct encoder **ret_encoder)
{
	const char *value = request_get(request, "format");

	*ret_encoder = encoder_find(value ? value : "pprof");
	if (!value || !strcmp(value, "pprof") || !strcmp(value, "folded"))
		return true;
	answer_fail_parameter(&request->answer, "format", value, "pprof or folded");
	return false;
}

/* What to compare with: by default, what lies before the range, and is as long. */
static bool get_base(struct request *request, struct diff_job *job)
{
	const struct query *query = &job->selection->query;
	const struct time_range after = { query->start_unix_ns, query->end_unix_ns };
	struct time_range range = time_range_before(&after);

	if (!time_range_get(request, "base_from", "base_to", &range))
		return false;
	job->base = selection_new(request, "base_query", range.start_unix_ns, range.end_unix_ns);
	return job->base;
}

void profile_begin_diff(struct request *request, struct site *site)
{
	struct selection *selection = begin_selection(request);
	struct diff_job *job;

	(void)site;
	if (!selection)
		return;
	job = calloc(1, sizeof(*job));
	if (!job) {
		answer_fail_busy(&request->answer, "out of memory");
		return;
	}
	job->selection = selection;
	request->job = job;
	request->free_job = diff_job_free;
	if (get_diff_encoder(request, &job->encoder) && get_base(request, job))
		request->work = work_diff;
}
