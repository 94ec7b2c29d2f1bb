/* SPDX-License-Identifier: Apache-2.0 */
#include "web/operation_routes.h"

#include "web/metrics.h"
#include "web/request.h"
#include "web/scrape.h"
#include "web/site.h"

void begin_metrics(struct request *request, struct site *site)
{
	struct scrape scrape = {
		.traffic = site->traffic,
		.version = site->version,
		.functions = site->functions,
	};

	scrape.traffic.answer_bytes = atomic_load(&site->answer_bytes);
	site->get_status(site->context, &scrape.status);
	process_usage_read(&site->usage_files, &scrape.process);
	metrics_render(&scrape, &request->answer.body);
	answer_finish(&request->answer, METRICS_MEDIA_TYPE);
}

void begin_healthy(struct request *request, struct site *site)
{
	(void)site;
	buffer_append_string(&request->answer.body, "healthy\n");
	answer_finish(&request->answer, ANSWER_TEXT);
}

void begin_ready(struct request *request, struct site *site)
{
	struct status status;

	site->get_status(site->context, &status);
	if (!status.store.stored) {
		answer_fail_busy(&request->answer, "no sample has been stored yet");
		return;
	}
	buffer_append_string(&request->answer.body, "ready\n");
	answer_finish(&request->answer, ANSWER_TEXT);
}
