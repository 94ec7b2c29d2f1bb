/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Server memory: what a server must know that the one before it knew: what to do about labels, and
 * what services have used.
 *
 * Of the latter, the server tells the sampler before it tells anybody else; the sampler tells the
 * next server. So what /metrics says never goes back while the daemon runs.
 */

#include <stdint.h>

#include "profiler/base/buffer.h"
#include "profiler/service_table.h"

struct channel;
struct labeling;
struct message;

/* The sampler's. A zeroed struct is empty. */
struct server_memory {
	struct service_table services;
	struct buffer labeling; /* the body of a MESSAGE_LABELING */
};

/* What of services the other side was told last. */
struct service_told {
	uint64_t cpu_ns[SERVICE_MAX + 1];
};

/* Works on a zeroed struct. */
void server_memory_fini(struct server_memory *memory);

/* Remember @labeling from now on. Returns 0, or -errno: then everything stays as it was. */
int server_memory_set_labeling(struct server_memory *memory, const struct labeling *labeling);

/* Remember what a MESSAGE_SERVICE says. */
void server_memory_take(struct server_memory *memory, const struct message *message);

/* Tell a server of labels, or, if it is new, of everything. Each returns 0, or what channel_send()
 * does. */
int server_memory_tell_labeling(const struct server_memory *memory, struct channel *channel);
int server_memory_tell(const struct server_memory *memory, struct channel *channel);

/* Tell of those in @counts that have changed since @told, which is brought up to date. Returns 0,
 * or what channel_send_parts() does; the rest is told the next time. */
int service_counts_tell(const struct service_counts *counts, struct service_told *told,
			struct channel *channel);
