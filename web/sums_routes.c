/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sums_routes.h"

#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/build_changes.h"
#include "profiler/heatmap.h"
#include "profiler/label_groups.h"
#include "profiler/series_set.h"
#include "web/api_routes.h"
#include "web/label_names.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"
#include "web/sums_json.h"

enum {
	DEFAULT_SERIES = 1000,
	MAX_SERIES = 10000,
	DEFAULT_LINES = 10,
	MAX_LINES = 100, /* of a timeline; each has a number for each step */
	DEFAULT_STEPS = 240,
	DEFAULT_COLUMNS = 600,
	DEFAULT_ROWS = 50,
	DEFAULT_CHANGES = 100,
	MAX_CHANGES = 1000,
};

struct sums_job {
	struct selection *selection; /* the request's job, before; owned */
	struct label_names names;
	struct series_options series;
	struct heatmap_options heatmap;
	uint32_t max_changes; /* of builds */
};

static void job_free(void *pointer)
{
	struct sums_job *job = pointer;

	selection_free(job->selection);
	label_names_fini(&job->names);
	free(job);
}

/* A job of @request with its selection, or NULL: @request is answered. */
static struct sums_job *job_of_request(struct request *request)
{
	struct selection *selection;
	int64_t start_ns, end_ns;
	struct sums_job *job;

	if (!api_type_is_good(request) || !api_get_range(request, &start_ns, &end_ns))
		return NULL;
	selection = selection_of_request(request, start_ns, end_ns);
	if (!selection)
		return NULL;
	job = calloc(1, sizeof(*job));
	if (!job) {
		answer_fail_busy(&request->answer, "out of memory");
		return NULL;
	}
	job->selection = selection;
	request->job = job;
	request->free_job = job_free;
	return job;
}

/* Read `by` and `limit`. Returns false if @request is answered. */
static bool get_groups(struct request *request, struct sums_job *job, uint32_t max,
		       uint32_t otherwise)
{
	uint32_t limit;

	if (!label_names_get(request, &job->names) ||
	    !request_get_count(request, "limit", max, otherwise, &limit))
		return false;
	job->series.names = job->names.names;
	job->series.n_names = job->names.n_names;
	job->series.max_series = limit;
	return true;
}

static void begin(struct request *request, struct sums_job *job, const struct site *site)
{
	request->answer.body.limit = SITE_ANSWER_MAX;
	selection_begin(job->selection, site);
}

/* Answer with the JSON that a work function has made, or say why there is none. */
static void finish(struct request *request, struct sums_job *job, int r)
{
	if (selection_end(request, job->selection, r))
		answer_finish(&request->answer, ANSWER_JSON);
}

static int append_series(struct request *request, struct site *site, struct sums_job *job)
{
	_cleanup_(series_set_fini) struct series_set set = { 0 };
	const struct query *query = &job->selection->query;
	int r;

	r = series_set_init(site->store, query, &job->series, &set);
	if (r < 0)
		return r;
	return sums_json_append_series(&set, query, query_budget_limits(&job->selection->budget),
				       &request->answer.body);
}

static void work_series(struct request *request, struct site *site)
{
	struct sums_job *job = request->job;

	begin(request, job, site);
	finish(request, job, append_series(request, site, job));
}

void sums_begin_series(struct request *request, struct site *site)
{
	struct sums_job *job = job_of_request(request);

	(void)site;
	if (!job || !get_groups(request, job, MAX_SERIES, DEFAULT_SERIES))
		return;
	job->series.step_ns = INT64_MAX;
	if (!job->series.n_names)
		job->series.n_names = LABEL_GROUPS_BY_ALL;
	request->work = work_series;
}

static int append_timeline(struct request *request, struct site *site, struct sums_job *job)
{
	_cleanup_(series_set_fini) struct series_set set = { 0 };
	const struct query *query = &job->selection->query;
	int r;

	r = series_set_init(site->store, query, &job->series, &set);
	if (r < 0)
		return r;
	return sums_json_append_timeline(&set, query, job->series.step_ns,
					 query_budget_limits(&job->selection->budget),
					 &request->answer.body);
}

static void work_timeline(struct request *request, struct site *site)
{
	struct sums_job *job = request->job;

	begin(request, job, site);
	finish(request, job, append_timeline(request, site, job));
}

/* The step of a timeline: whole seconds, unless the parameter says otherwise. */
static bool get_step(struct request *request, struct sums_job *job)
{
	const struct query *query = &job->selection->query;
	uint64_t seconds = series_count_steps(query->start_unix_ns, query->end_unix_ns,
					      DEFAULT_STEPS * NS_PER_SECOND);

	if (!request_get_duration(request, "step", (int64_t)seconds * NS_PER_SECOND,
				  &job->series.step_ns))
		return false;
	if (job->series.step_ns >= NS_PER_MS &&
	    series_count_steps(query->start_unix_ns, query->end_unix_ns, job->series.step_ns) <=
		    SERIES_MAX_STEPS)
		return true;
	answer_fail_parameter(&request->answer, "step", request_get(request, "step"),
			      "1ms or more, and so long that the range has at most 11000 steps");
	return false;
}

void sums_begin_timeline(struct request *request, struct site *site)
{
	struct sums_job *job = job_of_request(request);

	(void)site;
	if (!job || !get_groups(request, job, MAX_LINES, DEFAULT_LINES) || !get_step(request, job))
		return;
	request->work = work_timeline;
}

static int append_heatmap(struct request *request, struct site *site, struct sums_job *job)
{
	_cleanup_(heatmap_fini) struct heatmap heatmap = { 0 };
	int r;

	r = heatmap_init(site->store, &job->selection->query, &job->heatmap, &heatmap);
	if (r < 0)
		return r;
	return sums_json_append_heatmap(&heatmap, query_budget_limits(&job->selection->budget),
					&request->answer.body);
}

static void work_heatmap(struct request *request, struct site *site)
{
	struct sums_job *job = request->job;

	begin(request, job, site);
	finish(request, job, append_heatmap(request, site, job));
}

void sums_begin_heatmap(struct request *request, struct site *site)
{
	struct sums_job *job = job_of_request(request);

	(void)site;
	if (!job ||
	    !request_get_count(request, "rows", HEATMAP_MAX_ROWS, DEFAULT_ROWS,
			       &job->heatmap.n_rows) ||
	    !request_get_count(request, "columns", HEATMAP_MAX_CELLS / job->heatmap.n_rows,
			       DEFAULT_COLUMNS, &job->heatmap.max_columns))
		return;
	request->work = work_heatmap;
}

static int append_builds(struct request *request, struct site *site, struct sums_job *job)
{
	_cleanup_(build_changes_fini) struct build_changes changes = { 0 };
	const struct query *query = &job->selection->query;
	int r;

	r = build_changes_init(site->store, query, job->max_changes, &changes);
	if (r < 0)
		return r;
	return sums_json_append_builds(&changes, query,
				       query_budget_limits(&job->selection->budget),
				       &request->answer.body);
}

static void work_builds(struct request *request, struct site *site)
{
	struct sums_job *job = request->job;

	begin(request, job, site);
	finish(request, job, append_builds(request, site, job));
}

void sums_begin_builds(struct request *request, struct site *site)
{
	struct sums_job *job = job_of_request(request);

	(void)site;
	if (!job ||
	    !request_get_count(request, "limit", MAX_CHANGES, DEFAULT_CHANGES, &job->max_changes))
		return;
	request->work = work_builds;
}
