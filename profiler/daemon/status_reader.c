/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/status_reader.h"

#include <string.h>

#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/describer.h"
#include "profiler/daemon/kernel_half.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_store.h"
#include "profiler/status.h"

static void read_tables(const struct status_sources *sources, struct sampler_status *status)
{
	struct table_store_status tables;

	table_store_get_status(sources->tables, &tables);
	status->tables_evicted = tables.n_evicted;
	status->tables_refused = tables.n_refused;
	status->tables_damaged = tables.n_damaged;
	status->table_bytes = tables.shard_bytes;
	status->table_rows = tables.n_rows;
	status->n_tables = (uint32_t)tables.n_tables;
	status->n_rules = tables.n_rules;
	table_cache_get_status(sources->cache, &status->table_cache);
}

int status_reader_read(const struct status_sources *sources, struct sampler_status *status)
{
	struct kernel_half_status half;
	int r = kernel_half_get_status(sources->half, &half);

	if (r < 0)
		return r;
	status->ticks = half.sum.ticks;
	status->idle = half.sum.idle;
	status->submitted = half.sum.submitted;
	status->lifecycle_lost = half.sum.lifecycle_lost;
	status->stacks_sent = half.sum.stacks_sent;
	status->files_found = half.sum.files_found;
	status->files_lost = half.sum.files_lost;
	status->captured = half.sum.captured;
	status->capture_lost = half.sum.capture_lost;
	memcpy(status->frames_by_fp, half.sum.frames_by_fp, sizeof(status->frames_by_fp));
	read_tables(sources, status);
	status->map_bytes = half.map_bytes + status->table_bytes;
	status->bpf_run_ns = half.run_ns;
	status->bpf_run_count = half.run_count;
	memcpy(status->dropped, half.sum.dropped, sizeof(status->dropped));
	describer_get_status(sources->describer, status);
	container_describer_get_status(sources->containers, &status->containers);
	return 0;
}
