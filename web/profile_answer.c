/* SPDX-License-Identifier: Apache-2.0 */
#include "web/profile_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export/encoder.h"
#include "export/html_parts.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"

/* An SVG brings its own style and script; it gets them, and nothing else. */
#define SVG_POLICY                                                                                 \
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "              \
	"frame-ancestors 'none'; sandbox allow-scripts"

DEFINE_CLEANUP(struct profile *, profile_free)

/* Comments are collected as lines, each of which ends with a NUL. */
static void append_losses(struct buffer *lines, const struct status *status)
{
	for (int i = 0; i < DROP_REASON_COUNT; i++) {
		if (status->sampler.dropped[i])
			buffer_printf(lines, "dropped_%s_since_start: %" PRIu64 "%c",
				      drop_reason_names[i], status->sampler.dropped[i], '\0');
	}
}

/* For people: `pprof -comments` shows them as they are. */
static int add_comments(struct profile *profile, const struct site *site,
			const struct status *status)
{
	const struct sampler_status *sampler = &status->sampler;
	_cleanup_(buffer_fini) struct buffer lines = { 0 };
	int r = 0;

	buffer_printf(&lines, "host: %s%c", site->host, '\0');
	buffer_printf(&lines, "kernel: %s%c", site->kernel, '\0');
	buffer_printf(&lines, "pilotlight: %s%c", site->version, '\0');
	buffer_printf(&lines, "frequency_hz: %" PRIu32 "%c", sampler->frequency_hz, '\0');
	buffer_printf(&lines, "event: %.*s%c", (int)sizeof(sampler->event), sampler->event, '\0');
	buffer_printf(&lines, "in_flight: %" PRIu64 "%c", status->in_flight, '\0');
	append_losses(&lines, status);
	if (buffer_error(&lines))
		return buffer_error(&lines);
	for (const char *line = lines.data; r == 0 && line < lines.data + lines.size;
	     line += strlen(line) + 1)
		r = profile_add_comment(profile, line);
	return r;
}

int profile_answer_encode(struct request *request, const struct site *site, struct profile *profile,
			  const struct encoder *encoder)
{
	int r = add_comments(profile, site, &request->status);

	request->answer.body.limit = SITE_ANSWER_MAX;
	return r < 0 ? r : encoder->encode(profile, &request->answer.body);
}

/* Samples one by one are so many at most; what is left out is told. */
static int limit_moments(struct selection *selection, struct profile *profile)
{
	char comment[96];

	if (selection->max_moments)
		profile_limit_moments(profile, selection->max_moments);
	if (!profile->n_untimed)
		return 0;
	selection->budget.met[QUERY_LIMIT_SAMPLES] = true;
	snprintf(comment, sizeof(comment), "left out: the last %" PRIu64 " samples, of too many",
		 profile->n_untimed);
	return profile_add_comment(profile, comment);
}

static int encode(struct request *request, const struct site *site, struct selection *selection)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	int r;

	r = selection_run(selection, &selection->query, site, &profile);
	if (r == 0)
		r = limit_moments(selection, profile);
	return r < 0 ? r : profile_answer_encode(request, site, profile, selection->encoder);
}

static void add_disposition(struct answer *answer, const struct encoder *encoder)
{
	if (!strcmp(encoder->name, encoders[0].name))
		answer_add_header(answer, "Content-Disposition",
				  "attachment; filename=\"profile\"");
	if (!strncmp(encoder->media_type, "image/svg+xml", strlen("image/svg+xml")))
		answer->policy = SVG_POLICY;
	if (!strncmp(encoder->media_type, "text/html", strlen("text/html"))) {
		answer_add_header(answer, "Content-Disposition",
				  "attachment; filename=\"profile.html\"");
		answer->policy = html_policy;
	}
}

void profile_answer_finish(struct request *request, const struct encoder *encoder)
{
	answer_finish(&request->answer, encoder->media_type);
	add_disposition(&request->answer, encoder);
}

bool profile_answer_has_room(struct request *request, struct site *site)
{
	if (atomic_load(&site->answer_bytes) <= SITE_ANSWERS_MAX)
		return true;
	answer_fail_busy(&request->answer, "too many large answers are being sent");
	return false;
}

static void work(struct request *request, struct site *site)
{
	struct selection *selection = request->job;

	if (!profile_answer_has_room(request, site))
		return;
	selection_begin(selection, site);
	if (selection_end(request, selection, encode(request, site, selection)))
		profile_answer_finish(request, selection->encoder);
}

struct selection *profile_answer_plan(struct request *request, int64_t start_unix_ns,
				      int64_t end_unix_ns, const struct encoder *encoder)
{
	struct selection *selection = selection_of_request(request, start_unix_ns, end_unix_ns);

	if (!selection || !profile_shape_get(request, &selection->shape))
		return NULL;
	selection->encoder = encoder;
	request->work = work;
	return selection;
}
