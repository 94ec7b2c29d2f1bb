/* SPDX-License-Identifier: Apache-2.0 */
#include "web/api_routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export/encoder.h"
#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query.h"
#include "profiler/query_labels.h"
#include "web/profile_answer.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"
#include "web/status_json.h"
#include "web/time_range.h"

#define DEFAULT_RANGE_NS (3600 * NS_PER_SECOND)
enum { DEFAULT_MOMENTS = 100000, MAX_MOMENTS = 250000 }; /* of `order=time` */

#define CPU_TYPE "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

static const char types_json[] = "[{\"id\":\"" CPU_TYPE "\",\"name\":\"process_cpu\","
				 "\"sample_type\":\"cpu\",\"sample_unit\":\"nanoseconds\","
				 "\"period_type\":\"cpu\",\"period_unit\":\"nanoseconds\"}]\n";

bool api_get_range(struct request *request, int64_t *ret_start_ns, int64_t *ret_end_ns)
{
	int64_t now_ns = clock_unix_ns();
	struct time_range range = { now_ns - DEFAULT_RANGE_NS, now_ns };

	if (!time_range_get(request, "from", "to", &range))
		return false;
	*ret_start_ns = range.start_unix_ns;
	*ret_end_ns = range.end_unix_ns;
	return true;
}

static const struct encoder *get_encoder(struct request *request)
{
	const char *value = request_get(request, "format");
	const struct encoder *encoder = value ? encoder_find(value) : &encoders[0];
	char rule[256] = "one of";
	size_t length = strlen(rule);

	if (encoder)
		return encoder;
	for (encoder = encoders; encoder->name && length < sizeof(rule); encoder++)
		length += (size_t)snprintf(rule + length, sizeof(rule) - length, "%s%s",
					   encoder == encoders ? " " : ", ", encoder->name);
	answer_fail_parameter(&request->answer, "format", value, rule);
	return NULL;
}

/* Samples one by one, if @request wants them so: then *@encoder becomes one that shows them. */
static bool get_order(struct request *request, const struct encoder **encoder,
		      uint32_t *ret_max_moments)
{
	const char *value = request_get(request, "order");
	const struct encoder *in_time = encoder_in_time(*encoder);

	*ret_max_moments = 0;
	if (!value)
		return true;
	if (strcmp(value, "time")) {
		answer_fail_parameter(&request->answer, "order", value, "time");
		return false;
	}
	if (!in_time) {
		answer_fail_parameter(&request->answer, "format", (*encoder)->name,
				      "pprof, speedscope, perf or firefox, if order is time");
		return false;
	}
	*encoder = in_time;
	return request_get_count(request, "limit", MAX_MOMENTS, DEFAULT_MOMENTS, ret_max_moments);
}

bool api_type_is_good(struct request *request)
{
	const char *value = request_get(request, "type");

	if (!value || !strcmp(value, CPU_TYPE))
		return true;
	answer_fail_parameter(&request->answer, "type", value, CPU_TYPE);
	return false;
}

void api_begin_profile(struct request *request, struct site *site)
{
	const struct encoder *encoder;
	struct selection *selection;
	uint32_t max_moments;
	int64_t start_ns, end_ns;

	(void)site;
	if (!api_type_is_good(request) || !api_get_range(request, &start_ns, &end_ns))
		return;
	encoder = get_encoder(request);
	if (!encoder || !get_order(request, &encoder, &max_moments))
		return;
	selection = profile_answer_plan(request, start_ns, end_ns, encoder);
	if (selection)
		selection->max_moments = max_moments;
}

void api_begin_types(struct request *request, struct site *site)
{
	(void)site;
	buffer_append_string(&request->answer.body, types_json);
	answer_finish(&request->answer, ANSWER_JSON);
}

/* The names of labels, or the values of one. */
static void work_labels(struct request *request, struct site *site)
{
	struct selection *selection = request->job;
	struct buffer *body = &request->answer.body;
	int r;

	body->limit = SITE_ANSWER_MAX;
	selection_begin(selection, site);
	if (selection->label_name)
		r = query_label_values(site->store, &selection->query, selection->label_name, body);
	else
		r = query_label_names(site->store, &selection->query, body);
	buffer_append_char(body, '\n');
	if (selection_end(request, selection, r))
		answer_finish(&request->answer, ANSWER_JSON);
}

static void begin_listing(struct request *request, const char *label_name)
{
	struct selection *selection;
	int64_t start_ns, end_ns;

	if (!api_get_range(request, &start_ns, &end_ns))
		return;
	selection = selection_of_request(request, start_ns, end_ns);
	if (!selection)
		return;
	selection->label_name = label_name;
	request->work = work_labels;
}

void api_begin_labels(struct request *request, struct site *site)
{
	(void)site;
	begin_listing(request, NULL);
}

void api_begin_values(struct request *request, struct site *site)
{
	(void)site;
	if (label_name_is_valid(request->wildcard))
		begin_listing(request, request->wildcard);
	else
		answer_fail(&request->answer, 404,
			    "there can be no label of this name: see /api/v1/labels");
}

void api_begin_status(struct request *request, struct site *site)
{
	struct status status;

	site->get_status(site->context, &status);
	if (status_json_append(site, &status, &request->answer.body) < 0)
		answer_fail_busy(&request->answer, "out of memory");
	else
		answer_finish(&request->answer, ANSWER_JSON);
}
