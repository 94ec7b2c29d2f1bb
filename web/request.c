/* SPDX-License-Identifier: Apache-2.0 */
#include "web/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/query_budget.h"
#include "web/moment.h"

int request_set_target(struct request *request, const char *target)
{
	size_t path_length = strcspn(target, "?");
	_cleanup_(freep) char *path = strndup(target, path_length);
	int r;

	if (!path)
		return -ENOMEM;
	r = percent_decode(path, false);
	if (r < 0)
		return r;
	request->path = steal(path);
	request->query = target[path_length] ? target + path_length + 1 : NULL;
	return 0;
}

void request_fini(struct request *request)
{
	if (request->job)
		request->free_job(request->job);
	if (request->question.is_answered)
		closep(&request->question.fd);
	free(request->path);
	free(request->wildcard);
	buffer_fini(&request->body);
	parameters_fini(&request->parameters);
	answer_fini(&request->answer);
	*request = (struct request){ 0 };
}

void request_add_body(struct request *request, const char *bytes, size_t size)
{
	if (request->body.size + size > REQUEST_BODY_MAX) {
		request->body_is_too_large = true;
		buffer_fini(&request->body);
	}
	if (!request->body_is_too_large)
		buffer_append(&request->body, bytes, size);
}

enum method method_from_name(const char *name)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = { { "GET", METHOD_GET }, { "HEAD", METHOD_HEAD }, { "POST", METHOD_POST } };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!strcmp(name, methods[i].name))
			return methods[i].method;
	}
	return METHOD_OTHER;
}

bool request_takes_gzip(const struct request *request)
{
	const char *accepted = request->accept_encoding;

	while (accepted && *accepted) {
		size_t length = strcspn(accepted += strspn(accepted, ", \t"), ", \t;");
		const char *quality = accepted + length + strspn(accepted + length, "; \t");

		if (length == strlen("gzip") && !strncasecmp(accepted, "gzip", length))
			return strncmp(quality, "q=0", 3) ||
			       quality[3 + strspn(quality + 3, ".0")] > '0';
		accepted = strchr(accepted, ',');
	}
	return false;
}

const char *request_get(const struct request *request, const char *name)
{
	return parameters_get(&request->parameters, name);
}

bool request_get_time(struct request *request, const char *name, int64_t now_unix_ns,
		      int64_t otherwise, int64_t *ret_unix_ns)
{
	const char *value = request_get(request, name);

	if (!value) {
		*ret_unix_ns = otherwise;
		return true;
	}
	if (moment_parse(value, now_unix_ns, ret_unix_ns) == 0)
		return true;
	answer_fail_parameter(&request->answer, name, value,
			      "a time: unix seconds or milliseconds, RFC 3339, now or now-1h");
	return false;
}

bool request_get_count(struct request *request, const char *name, uint32_t max, uint32_t otherwise,
		       uint32_t *ret_count)
{
	const char *value = request_get(request, name);
	unsigned long long count;
	char rule[64], *end;

	*ret_count = otherwise;
	if (!value)
		return true;
	errno = 0;
	count = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && !errno && count > 0 && count <= max) {
		*ret_count = (uint32_t)count;
		return true;
	}
	snprintf(rule, sizeof(rule), "a number from 1 to %" PRIu32, max);
	answer_fail_parameter(&request->answer, name, value, rule);
	return false;
}

bool request_get_duration(struct request *request, const char *name, int64_t otherwise,
			  int64_t *ret_ns)
{
	const char *value = request_get(request, name);

	*ret_ns = otherwise;
	if (!value)
		return true;
	if ((duration_parse(value, ret_ns) == 0 || seconds_parse(value, ret_ns) == 0) &&
	    *ret_ns > 0)
		return true;
	answer_fail_parameter(&request->answer, name, value,
			      "a length of time, like 10s or 1h30m, or a number of seconds");
	return false;
}

void request_tell_limits(struct request *request)
{
	static const char *const names[] = {
		NULL,      "match",          "groups",          "match, groups",
		"samples", "match, samples", "groups, samples", "match, groups, samples",
	};
	unsigned int has_match = request->limits_met >> QUERY_LIMIT_MATCH & 1;
	unsigned int has_groups = request->limits_met >> QUERY_LIMIT_GROUPS & 1;
	unsigned int has_samples = request->limits_met >> QUERY_LIMIT_SAMPLES & 1;
	const char *met = names[has_match | has_groups << 1 | has_samples << 2];

	if (met)
		answer_add_header(&request->answer, "X-Pilotlight-Limits", met);
}
