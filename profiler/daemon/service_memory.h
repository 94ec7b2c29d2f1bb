/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Service memory: what services have used outlives the server that counts it.
 *
 * The server tells the sampler before it tells anybody else; the sampler tells the next server. So
 * what /metrics says never goes back while the daemon runs.
 */

#include <stdint.h>

#include "profiler/service_table.h"

struct channel;
struct message;

/* What the other side was told last. */
struct service_told {
	uint64_t cpu_ns[SERVICE_MAX + 1];
};

/* Remember what a MESSAGE_SERVICE says. */
void service_memory_take(struct service_table *table, const struct message *message);

/* Tell of those in @counts that have changed since @told, which is brought up to date. Returns 0,
 * or what channel_send_parts() does; the rest is told the next time. */
int service_memory_tell(struct channel *channel, const struct service_counts *counts,
			struct service_told *told);
