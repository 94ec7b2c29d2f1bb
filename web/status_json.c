/* SPDX-License-Identifier: Apache-2.0 */
#include "web/status_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/status.h"
#include "web/site.h"

/* {names[i]: counts[i]}, or NULL without memory. */
static json_t *object_of_counts(const char *const *names, const uint64_t *counts, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < n; i++)
		json_object_set_new(object, names[i], json_integer((json_int_t)counts[i]));
	return object;
}

static double seconds(int64_t ns)
{
	return (double)ns / NS_PER_SECOND;
}

static json_t *object_of_roles(const struct sampler_status *sampler)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < ROLE_COUNT; i++) {
		const struct role_status *role = &sampler->roles[i];

		json_object_set_new(object, role_names[i],
				    json_pack("{s:I, s:I, s:f, s:I}", "pid", (json_int_t)role->pid,
					      "restarts", (json_int_t)role->restarts, "cpu_seconds",
					      seconds((int64_t)role->cpu_ns), "resident_bytes",
					      (json_int_t)role->resident_bytes));
	}
	return object;
}

static json_t *object_of_files(const struct store_status *store)
{
	json_int_t total = 0;

	for (size_t i = 0; i < NAMES_STATE_COUNT; i++)
		total += store->n_files[i];
	return json_pack("{s:I, s:I, s:I, s:I}", "total", total, "with_lines",
			 (json_int_t)store->n_files[NAMES_LINES], "pending",
			 (json_int_t)store->n_files[NAMES_PENDING], "failed",
			 (json_int_t)store->n_files[NAMES_FAILED]);
}

static json_t *object_of_fetches(const struct fetch_status *fetches)
{
	json_t *object =
		object_of_counts(fetch_outcome_names, fetches->outcomes, FETCH_OUTCOME_COUNT);

	if (object)
		json_object_set_new(object, "queued", json_integer(fetches->n_queued));
	return object;
}

/* What the kernel half costs; no time and no runs unless kernel.bpf_stats_enabled. */
static json_t *object_of_kernel_half(const struct sampler_status *sampler)
{
	return json_pack("{s:f, s:I, s:I}", "run_seconds", seconds((int64_t)sampler->bpf_run_ns),
			 "runs", (json_int_t)sampler->bpf_run_count, "map_bytes",
			 (json_int_t)sampler->map_bytes);
}

/* What waits to be read. */
static json_t *object_of_queues(const struct sampler_status *sampler)
{
	return json_pack("{s:I, s:I}", "symbol_builds", (json_int_t)sampler->n_builds_queued,
			 "unwind_tables", (json_int_t)sampler->n_tables_queued);
}

static json_t *object_of_site(const struct site *site, const struct sampler_status *sampler)
{
	const char *event = sampler->event;

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s%, s:f}", "version", site->version, "host",
			 site->host, "kernel", site->kernel, "frequency_hz",
			 (json_int_t)sampler->frequency_hz, "cpus", (json_int_t)sampler->n_cpus,
			 "event", event, strnlen(event, sizeof(sampler->event)), "uptime_seconds",
			 seconds(clock_unix_ns() - sampler->start_unix_ns));
}

static int add_counts(json_t *object, const struct status *status)
{
	const struct sampler_status *sampler = &status->sampler;
	const struct store_status *store = &status->store;

	return json_object_update_new(
		object,
		json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			  "ticks", (json_int_t)sampler->ticks, "idle", (json_int_t)sampler->idle,
			  "stored", (json_int_t)store->stored, "in_flight",
			  (json_int_t)status->in_flight, "dropped",
			  object_of_counts(drop_reason_names, sampler->dropped, DROP_REASON_COUNT),
			  "stacks",
			  object_of_counts(stack_outcome_names, store->stacks, STACK_OUTCOME_COUNT),
			  "frames",
			  object_of_counts(names_state_names, store->frames, NAMES_STATE_COUNT),
			  "files", object_of_files(store), "roles", object_of_roles(sampler), "bpf",
			  object_of_kernel_half(sampler), "queued", object_of_queues(sampler),
			  "history_errors",
			  object_of_counts(history_error_names, status->history.errors,
					   HISTORY_ERROR_COUNT),
			  "debuginfod", object_of_fetches(&sampler->fetches), "symbol_builds",
			  object_of_counts(build_outcome_names, sampler->builds,
					   BUILD_OUTCOME_COUNT)));
}

int status_json_append(const struct site *site, const struct status *status, struct buffer *out)
{
	json_auto_t *object = object_of_site(site, &status->sampler);
	_cleanup_(freep) char *text = NULL;

	if (!object || add_counts(object, status) < 0)
		return -ENOMEM;
	text = json_dumps(object, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	buffer_append_string(out, text);
	buffer_append_char(out, '\n');
	return buffer_error(out);
}
