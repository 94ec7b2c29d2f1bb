/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_routes.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "web/connect.h"
#include "web/querier.pb-c.h"
#include "web/querier_call.h"
#include "web/querier_flames.h"
#include "web/querier_labels.h"
#include "web/querier_series.h"
#include "web/request.h"
#include "web/site.h"

struct querier_method {
	const char *name;
	const ProtobufCMessageDescriptor *question;
	void (*answer)(struct querier_call *call);
};

#define QUESTION(name) (&querier__##name##_request__descriptor)

/* clang-format off */
static const struct querier_method methods[] = {
	{ "ProfileTypes", QUESTION(profile_types), querier_profile_types },
	{ "LabelNames", QUESTION(label_names), querier_label_names },
	{ "LabelValues", QUESTION(label_values), querier_label_values },
	{ "Series", QUESTION(series), querier_series },
	{ "SelectSeries", QUESTION(select_series), querier_select_series },
	{ "SelectMergeStacktraces", QUESTION(select_merge_stacktraces), querier_select_merge_stacktraces },
	{ "SelectMergeProfile", QUESTION(select_merge_profile), querier_select_merge_profile },
	{ "Diff", QUESTION(diff), querier_diff },
	{ "GetProfileStats", QUESTION(get_profile_stats), querier_get_profile_stats },
};
/* clang-format on */

static void message_free(ProtobufCMessage **message)
{
	protobuf_c_message_free_unpacked(*message, NULL);
}

static void work(struct request *request, struct site *site)
{
	const struct querier_method *method = request->job;
	_cleanup_(message_free) ProtobufCMessage *question = NULL;
	struct querier_call call = { .request = request, .site = site };

	if (atomic_load(&site->answer_bytes) > SITE_ANSWERS_MAX) {
		connect_fail(request, CONNECT_UNAVAILABLE, "too many large answers are being sent");
		return;
	}
	question = connect_read(request, method->question);
	if (!question)
		return;
	call.question = question;
	query_budget_init(&call.budget, site->query_cpu_ns, site->query_bytes);
	method->answer(&call);
	request->limits_met |= query_budget_limits(&call.budget);
	if (request->answer.code == 200)
		request_tell_limits(request);
	request->limits_met = query_budget_limits(&call.budget);
}

static void keep_job(void *job)
{
	(void)job; /* it is a line of the table */
}

void querier_begin(struct request *request, struct site *site)
{
	(void)site;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(methods[i].name, request->wildcard) != 0)
			continue;
		request->job = (void *)(uintptr_t)&methods[i];
		request->free_job = keep_job;
		request->work = work;
		return;
	}
	connect_fail(request, CONNECT_UNIMPLEMENTED,
		     "querier.v1.QuerierService has no such method here");
}
