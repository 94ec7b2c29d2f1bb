/* SPDX-License-Identifier: Apache-2.0 */
#include "web/site.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "profiler/base/file.h"
#include "profiler/query_budget.h"
#include "web/function_meter.h"
#include "web/server_options.h"

#define COMMAND_LINE_MAX (64 << 10)

void site_init(struct site *site, const struct web_server_options *options)
{
	struct utsname system = { 0 };

	*site = (struct site){
		.store = options->store,
		.version = options->version,
		.allow_hosts = options->allow_hosts,
		.get_status = options->get_status,
		.ask = options->ask,
		.has_source_dirs = options->has_source_dirs,
		.query_cpu_ns = options->query_cpu_ns ? options->query_cpu_ns : QUERY_CPU_NS,
		.query_bytes = options->query_bytes ? options->query_bytes : QUERY_BYTES,
		.context = options->context,
	};
	uname(&system);
	snprintf(site->host, sizeof(site->host), "%s", system.nodename);
	snprintf(site->kernel, sizeof(site->kernel), "%s", system.release);
	if (file_read(AT_FDCWD, "/proc/self/cmdline", COMMAND_LINE_MAX, &site->command_line) < 0)
		buffer_fini(&site->command_line);
	process_usage_files_init(&site->usage_files);
}

void site_fini(struct site *site)
{
	buffer_fini(&site->command_line);
	process_usage_files_fini(&site->usage_files);
	function_meter_free(site->functions);
}
