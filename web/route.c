/* SPDX-License-Identifier: Apache-2.0 */
#include "web/route.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "web/api_routes.h"
#include "web/code_routes.h"
#include "web/host_check.h"
#include "web/operation_routes.h"
#include "web/pprof_routes.h"
#include "web/profile_routes.h"
#include "web/querier_routes.h"
#include "web/request.h"
#include "web/site.h"
#include "web/sums_routes.h"
#include "web/ui_routes.h"

#define READ (METHOD_GET | METHOD_HEAD)
#define POST METHOD_POST

static void begin_unknown(struct request *request, struct site *site)
{
	(void)site;
	answer_fail(&request->answer, 404, "there is nothing at this path");
}

/* clang-format off */
const struct route routes[] = {
	{ "/",                           "ui",               READ,        false, ui_begin_index },
	{ "/*",                          "ui_file",          READ,        false, ui_begin_file },
	{ "/debug/pprof",                "pprof_redirect",   READ,        true,  pprof_begin_redirect },
	{ "/debug/pprof/",               "pprof_index",      READ,        true,  pprof_begin_index },
	{ "/debug/pprof/profile",        "pprof_profile",    READ,        true,  pprof_begin_profile },
	{ "/debug/pprof/cmdline",        "pprof_cmdline",    READ,        true,  pprof_begin_cmdline },
	{ "/debug/pprof/symbol",         "pprof_symbol",     READ | POST, true,  pprof_begin_symbol },
	{ "/debug/pprof/*",              "pprof_other",      READ,        true,  pprof_begin_other },
	{ "/api/v1/profile",             "api_profile",      READ,        false, api_begin_profile },
	{ "/api/v1/types",               "api_types",        READ,        false, api_begin_types },
	{ "/api/v1/labels",              "api_labels",       READ,        false, api_begin_labels },
	{ "/api/v1/labels/*/values",     "api_label_values", READ,        false, api_begin_values },
	{ "/api/v1/disassembly",         "api_disassembly",  READ,        false, code_begin_disassembly },
	{ "/api/v1/source",              "api_source",       READ,        false, code_begin_source },
	{ "/api/v1/status",              "api_status",       READ,        false, api_begin_status },
	{ "/api/v1/diff",                "api_diff",         READ,        false, profile_begin_diff },
	{ "/api/v1/top",                 "api_top",          READ,        false, profile_begin_top },
	{ "/api/v1/series",              "api_series",       READ,        false, sums_begin_series },
	{ "/api/v1/timeline",            "api_timeline",     READ,        false, sums_begin_timeline },
	{ "/api/v1/heatmap",             "api_heatmap",      READ,        false, sums_begin_heatmap },
	{ "/api/v1/builds",              "api_builds",       READ,        false, sums_begin_builds },
	{ "/querier.v1.QuerierService/*", "querier",         POST,        false, querier_begin },
	{ "/metrics",                    "metrics",          READ,        false, begin_metrics },
	{ "/-/healthy",                  "healthy",          READ,        false, begin_healthy },
	{ "/-/ready",                    "ready",            READ,        false, begin_ready },
	{ NULL,                          "unknown",          ~0U,         false, begin_unknown },
};
/* clang-format on */

const size_t n_routes = ARRAY_SIZE(routes);
static_assert(ARRAY_SIZE(routes) <= TRAFFIC_MAX_ROUTES, "traffic is counted by route");

_Static_assert(ARRAY_SIZE(routes) <= TRAFFIC_MAX_ROUTES, "each route has its counters");

void route_name_traffic(struct traffic *traffic)
{
	for (size_t i = 0; i < n_routes; i++)
		traffic->routes[i].name = routes[i].name;
}

size_t route_number(const struct route *route)
{
	return (size_t)(route - routes);
}

/* Whether @path is @pattern; what stands for the '*' is *@ret_length bytes at *@ret_wildcard. */
static bool path_matches(const char *path, const char *pattern, const char **ret_wildcard,
			 size_t *ret_length)
{
	size_t before = strcspn(pattern, "*"), length;

	if (strncmp(path, pattern, before))
		return false;
	length = pattern[before] ? strcspn(path + before, "/") : 0;
	if (strcmp(path + before + length, pattern[before] ? pattern + before + 1 : ""))
		return false;
	*ret_wildcard = path + before;
	*ret_length = length;
	return !pattern[before] || length;
}

const struct route *route_find(const char *path, const char **ret_wildcard, size_t *ret_length)
{
	const struct route *wild = NULL;

	for (const struct route *route = routes; route->path; route++) {
		bool is_wild = strchr(route->path, '*');

		if (wild && is_wild)
			continue;
		if (!path_matches(path, route->path, ret_wildcard, ret_length))
			continue;
		if (!is_wild)
			return route;
		wild = route;
	}
	return wild ? wild : &routes[n_routes - 1];
}

static const char *allowed_methods(unsigned int methods)
{
	switch (methods) {
	case READ:
		return "GET, HEAD";
	case POST:
		return "POST";
	default:
		return "GET, HEAD, POST";
	}
}

static bool host_is_good(struct request *request, const struct site *site)
{
	_cleanup_(buffer_fini) struct buffer quoted = { 0 };

	if (request->has_many_hosts) {
		answer_fail(&request->answer, 400, "there is more than one Host header");
		return false;
	}
	if (!request->host && request->needs_host) {
		answer_fail(&request->answer, 400, "there is no Host header");
		return false;
	}
	if (!request->host || host_is_ours(request->host, request->local, site->allow_hosts))
		return true;
	quote_append(&quoted, request->host);
	buffer_append_char(&quoted, '\0');
	answer_fail(&request->answer, 403,
		    "the Host header is %s, which is no address of this server; a name can be "
		    "allowed with --allow-host NAME",
		    buffer_error(&quoted) ? "another one" : quoted.data);
	return false;
}

static bool parameters_are_good(struct request *request)
{
	switch (parameters_parse(request->query, &request->parameters)) {
	case 0:
		return true;
	case -EINVAL:
		answer_fail(&request->answer, 400, "a parameter contains a NUL byte (%%00)");
		return false;
	case -E2BIG:
		answer_fail(&request->answer, 400, "there are more than %d parameters",
			    PARAMETERS_MAX);
		return false;
	default:
		answer_fail_busy(&request->answer, "out of memory");
		return false;
	}
}

static bool method_is_good(struct request *request)
{
	if (request->route->methods & request->method)
		return true;
	answer_fail(&request->answer, 405, "this path answers to %s only",
		    allowed_methods(request->route->methods));
	answer_add_header(&request->answer, "Allow", allowed_methods(request->route->methods));
	return false;
}

/* What stood for the '*' is kept, if there is one. */
static bool choose_route(struct request *request)
{
	const char *wildcard;
	size_t length;

	request->route = route_find(request->path, &wildcard, &length);
	if (!request->route->path || !strchr(request->route->path, '*'))
		return true;
	request->wildcard = strndup(wildcard, length);
	if (!request->wildcard)
		answer_fail_busy(&request->answer, "out of memory");
	return request->wildcard;
}

static bool body_is_good(struct request *request)
{
	if (request->body_is_too_large)
		answer_fail(&request->answer, 413, "the body is larger than %d bytes",
			    REQUEST_BODY_MAX);
	else if (buffer_error(&request->body))
		answer_fail_busy(&request->answer, "out of memory");
	return !request->answer.code;
}

void route_begin(struct request *request, struct site *site)
{
	if (choose_route(request) && host_is_good(request, site) && method_is_good(request) &&
	    body_is_good(request) && parameters_are_good(request))
		request->route->begin(request, site);
}

void route_finish(struct request *request)
{
	if (request->route->is_pprof && request->answer.code >= 400)
		answer_add_header(&request->answer, "X-Go-Pprof", "1");
}
