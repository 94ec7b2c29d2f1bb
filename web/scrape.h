/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scrape: all that /metrics shows, as of one moment.
 */

#include "profiler/status.h"
#include "web/process_usage.h"
#include "web/traffic.h"

struct function_meter;

struct scrape {
	struct status status;
	struct traffic traffic;
	struct process_usage process;
	const char *version;
	const struct function_meter *functions; /* NULL: none are counted */
};
