/* SPDX-License-Identifier: Apache-2.0 */
#include "web/pprof_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/encoder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/query.h"
#include "web/moment.h"
#include "web/profile_answer.h"
#include "web/request.h"
#include "web/site.h"

#define DEFAULT_NS (30 * NS_PER_SECOND)
#define MAX_NS     (3600 * NS_PER_SECOND)

/*
 * Samples are on their way to the store for so long, at most. A profile of what comes waits for its
 * last ones; one of the past ends so long ago, else whoever asks for one after the other would find
 * those that were under way in neither.
 */
#define ARRIVAL_NS (500 * NS_PER_MS)

static const char index_page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head><meta charset=\"utf-8\"><title>Pilotlight: /debug/pprof/</title></head>\n"
	"<body>\n"
	"<h1>/debug/pprof/</h1>\n"
	"<p>Profiles of this whole host.</p>\n"
	"<ul>\n"
	"<li><a href=\"profile?seconds=30\">profile</a>: CPU time of the next 30 seconds; "
	"<a href=\"profile?seconds=30&amp;past=1\">past=1</a>: of the last 30 seconds</li>\n"
	"<li><a href=\"cmdline\">cmdline</a>: the command line of Pilotlight</li>\n"
	"<li><a href=\"symbol\">symbol</a>: names of addresses in a profile</li>\n"
	"</ul>\n"
	"<p><a href=\"/\">Flame graph</a></p>\n"
	"</body>\n"
	"</html>\n";

void pprof_begin_redirect(struct request *request, struct site *site)
{
	(void)site;
	answer_fail(&request->answer, 301, "see /debug/pprof/");
	answer_add_header(&request->answer, "Location", "/debug/pprof/");
}

void pprof_begin_index(struct request *request, struct site *site)
{
	(void)site;
	buffer_append_string(&request->answer.body, index_page);
	answer_finish(&request->answer, "text/html; charset=utf-8");
}

static bool get_length(struct request *request, int64_t *ret_ns)
{
	const char *value = request_get(request, "seconds");

	*ret_ns = DEFAULT_NS;
	if (!value)
		return true;
	if (seconds_parse(value, ret_ns) == 0 && *ret_ns > 0 && *ret_ns <= MAX_NS)
		return true;
	answer_fail_parameter(&request->answer, "seconds", value,
			      "a number of seconds, more than 0 and at most 3600");
	return false;
}

static bool get_past(struct request *request, bool *ret_past)
{
	const char *value = request_get(request, "past");

	*ret_past = value && !strcmp(value, "1");
	if (!value || *ret_past || !strcmp(value, "0"))
		return true;
	answer_fail_parameter(&request->answer, "past", value, "0 or 1");
	return false;
}

void pprof_begin_profile(struct request *request, struct site *site)
{
	int64_t now_unix_ns = clock_unix_ns(), length_ns;
	bool past;

	(void)site;
	if (!get_length(request, &length_ns) || !get_past(request, &past))
		return;
	if (past) {
		now_unix_ns -= ARRIVAL_NS;
		profile_answer_plan(request, now_unix_ns - length_ns, now_unix_ns, &encoders[0]);
		return;
	}
	profile_answer_plan(request, now_unix_ns, now_unix_ns + length_ns, &encoders[0]);
	request->delay_ns = length_ns + ARRIVAL_NS;
}

void pprof_begin_cmdline(struct request *request, struct site *site)
{
	const struct buffer *line = &site->command_line;

	buffer_append(&request->answer.body, line->data, line->size);
	answer_finish(&request->answer, ANSWER_TEXT);
}

static int append_symbol(struct request *request, struct site *site, const char *word)
{
	_cleanup_(buffer_fini) struct buffer name = { 0 };
	char *end;
	uint64_t address = strtoull(word, &end, 0);
	int r;

	if (end == word || *end)
		return 0;
	r = query_symbol(site->store, address, &name);
	if (r < 0)
		return r;
	if (!name.size)
		return 0;
	buffer_printf(&request->answer.body, "%#" PRIx64 " ", address);
	buffer_append(&request->answer.body, name.data, name.size);
	buffer_append_char(&request->answer.body, '\n');
	return buffer_error(&request->answer.body);
}

static void work_symbol(struct request *request, struct site *site)
{
	char *word, *rest = request->job;
	int r = 0;

	/* Who asks wants to see a number of symbols that is not 0, as in Go; it is not a count. */
	buffer_append_string(&request->answer.body, "num_symbols: 1\n");
	request->answer.body.limit = SITE_ANSWER_MAX;
	while (r == 0 && (word = strsep(&rest, "+ \r\n")))
		r = append_symbol(request, site, word);
	if (r == -EFBIG)
		answer_fail(&request->answer, 400, "the answer is too large: ask for fewer names");
	else if (r < 0)
		answer_fail_busy(&request->answer, "out of memory");
	else
		answer_finish(&request->answer, ANSWER_TEXT);
}

void pprof_begin_symbol(struct request *request, struct site *site)
{
	const struct buffer *body = &request->body;
	const char *query = request->query ? request->query : "";

	(void)site;
	if (request->method == METHOD_POST)
		request->job = strndup(body->data ? body->data : "", body->size);
	else
		request->job = strdup(query);
	if (!request->job) {
		answer_fail_busy(&request->answer, "out of memory");
		return;
	}
	request->free_job = free;
	request->work = work_symbol;
}

void pprof_begin_other(struct request *request, struct site *site)
{
	_cleanup_(buffer_fini) struct buffer quoted = { 0 };

	(void)site;
	quote_append(&quoted, request->wildcard);
	buffer_append_char(&quoted, '\0');
	answer_fail(&request->answer, 404, "Unknown profile %s: there is only \"profile\"",
		    buffer_error(&quoted) ? "" : quoted.data);
}
