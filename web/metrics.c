/* SPDX-License-Identifier: Apache-2.0 */
#include "web/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/clock.h"
#include "profiler/function_counts.h"
#include "web/function_meter.h"
#include "web/metric_family.h"
#include "web/scrape.h"

static void append_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_seconds(struct buffer *out, int64_t ns)
{
	buffer_printf(out, "%lld.%09lld", ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

/* Integers are written as such: a float would lose the exactness of sums. */
static void append_value(struct buffer *out, const void *value, enum metric_value kind)
{
	switch (kind) {
	case METRIC_U64:
		buffer_printf(out, "%" PRIu64, *(const uint64_t *)value);
		break;
	case METRIC_I64:
		buffer_printf(out, "%" PRId64, *(const int64_t *)value);
		break;
	case METRIC_U32:
		buffer_printf(out, "%" PRIu32, *(const uint32_t *)value);
		break;
	case METRIC_NS:
		append_seconds(out, *(const int64_t *)value);
		break;
	}
	buffer_append_char(out, '\n');
}

static void append_family(struct buffer *out, const struct metric_family *family,
			  const struct scrape *scrape)
{
	const char *value = (const char *)scrape + family->offset;

	append_head(out, family->name, family->type, family->help);
	if (!family->label) {
		buffer_printf(out, "%s ", family->name);
		append_value(out, value, family->value);
		return;
	}
	for (size_t i = 0; i < family->n_label_values; i++, value += family->stride) {
		buffer_printf(out, "%s{%s=\"%s\"} ", family->name, family->label,
			      family->label_values[i]);
		append_value(out, value, family->value);
	}
}

static void append_build_info(struct buffer *out, const char *version)
{
	append_head(out, "pilotlight_build_info", "gauge", "Always 1; the labels tell the build.");
	buffer_printf(out, "pilotlight_build_info{version=\"%s\",compiler=\"%s\"} 1\n", version,
		      __VERSION__);
}

/* What a value must be within its quotes. */
static void append_quoted(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_append_char(out, '\\');
		if (*text == '\n')
			buffer_append_string(out, "\\n");
		else
			buffer_append_char(out, *text);
	}
	buffer_append_char(out, '"');
}

static void append_services(struct buffer *out, const struct service_counts *counts)
{
	static const char name[] = "pilotlight_service_cpu_seconds_total";

	append_head(out, name, "counter", "CPU time of a service in stored samples.");
	for (uint32_t i = 0; i < counts->n_services; i++) {
		buffer_printf(out, "%s{service_name=", name);
		append_quoted(out, counts->services[i].name);
		buffer_append_string(out, "} ");
		append_seconds(out, (int64_t)counts->services[i].cpu_ns);
		buffer_append_char(out, '\n');
	}
}

/* The functions that are listed now: a series lives as long as its function is. */
static void append_functions(struct buffer *out, const struct function_meter *meter)
{
	static const char name[] = "pilotlight_function_cpu_seconds_total";
	const struct function_counts *counts = function_meter_counts(meter);

	append_head(out, name, "counter",
		    "CPU time in a function itself, of those that use most in their service.");
	for (size_t i = 0; i < counts->n_items; i++) {
		const struct function_count *item = &counts->items[i];

		if (!item->listed_ns)
			continue;
		buffer_printf(out, "%s{service_name=", name);
		append_quoted(out, item->service);
		buffer_append_string(out, ",function=");
		append_quoted(out, item->function);
		buffer_append_string(out, "} ");
		append_seconds(out, (int64_t)item->cpu_ns);
		buffer_append_char(out, '\n');
	}
	append_head(out, "pilotlight_function_series_refused_total", "counter",
		    "Functions that found the bound on those counted reached, each time.");
	buffer_printf(out, "pilotlight_function_series_refused_total %" PRIu64 "\n",
		      counts->n_refused);
	append_head(out, "pilotlight_function_readings_failed_total", "counter",
		    "Times that functions could not be read: their CPU time is missing.");
	buffer_printf(out, "pilotlight_function_readings_failed_total %" PRIu64 "\n",
		      function_meter_failed_count(meter));
}

static void append_requests(struct buffer *out, const struct scrape *scrape)
{
	static const char name[] = "pilotlight_http_requests_total";

	append_head(out, name, "counter", "HTTP requests answered, by route and status code.");
	for (size_t i = 0; i < TRAFFIC_MAX_ROUTES && scrape->traffic.routes[i].name; i++) {
		const struct route_traffic *route = &scrape->traffic.routes[i];

		for (size_t code_i = 0; code_i < TRAFFIC_N_CODES; code_i++) {
			if (!route->answers[code_i] && traffic_codes[code_i] != 200)
				continue;
			buffer_printf(out, "%s{handler=\"%s\",code=\"%u\"} %" PRIu64 "\n", name,
				      route->name, traffic_codes[code_i], route->answers[code_i]);
		}
	}
}

static void append_histogram(struct buffer *out, const char *name,
			     const struct route_traffic *route)
{
	uint64_t count = 0;

	for (size_t i = 0; i < TRAFFIC_N_BUCKETS; i++) {
		count += route->durations[i];
		buffer_printf(out, "%s_bucket{handler=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
			      route->name, (double)traffic_buckets_ns[i] / NS_PER_SECOND, count);
	}
	count += route->durations[TRAFFIC_N_BUCKETS];
	buffer_printf(out, "%s_bucket{handler=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, route->name,
		      count);
	buffer_printf(out, "%s_sum{handler=\"%s\"} ", name, route->name);
	append_seconds(out, (int64_t)route->duration_ns);
	buffer_printf(out, "\n%s_count{handler=\"%s\"} %" PRIu64 "\n", name, route->name, count);
}

static void append_durations(struct buffer *out, const struct scrape *scrape)
{
	static const char name[] = "pilotlight_http_request_duration_seconds";

	append_head(out, name, "histogram",
		    "From the request to its answer, by route, without the seconds asked for.");
	for (size_t i = 0; i < TRAFFIC_MAX_ROUTES && scrape->traffic.routes[i].name; i++)
		append_histogram(out, name, &scrape->traffic.routes[i]);
}

void metrics_render(const struct scrape *scrape, struct buffer *out)
{
	append_build_info(out, scrape->version);
	for (const struct metric_family *family = metric_families; family->name; family++)
		append_family(out, family, scrape);
	append_services(out, &scrape->status.store.services);
	if (scrape->functions)
		append_functions(out, scrape->functions);
	append_requests(out, scrape);
	append_durations(out, scrape);
}
