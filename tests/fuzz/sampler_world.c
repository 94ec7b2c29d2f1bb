/* SPDX-License-Identifier: Apache-2.0 */
#include "sampler_world.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel_maps.h"
#include "profiler/channel.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_loader.h"

enum { TABLES_BYTES = 4 << 20, QUEUE_BYTES = 8 << 20 };

static struct sampler_world *the_world;
static struct channel *server_end;

static void must(int r)
{
	if (r < 0)
		abort();
}

struct sampler_world *sampler_world_get(void)
{
	const struct table_cache_options no_cache = { 0 };
	struct table_cache *cache;
	struct table_store *store;
	struct table_store_maps maps;
	int fds[2];

	if (the_world)
		return the_world;
	the_world = calloc(1, sizeof(*the_world));
	if (!the_world)
		abort();
	maps = kernel_maps_open();
	must(table_store_new(&maps, TABLES_BYTES, &store));
	must(table_cache_new(&no_cache, &cache));
	must(table_loader_new(store, cache, &the_world->tables));
	must(container_describer_new(&(struct container_describer_options){ .max_bytes = 1 << 16 },
				     &the_world->containers));
	must(channel_pair(fds));
	must(channel_new(fds[0], QUEUE_BYTES, &the_world->server.channel));
	must(channel_new(fds[1], QUEUE_BYTES, &server_end));
	return the_world;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	(void)context;
	(void)message;
	(void)fds;
	return 0;
}

void sampler_world_read_server(void)
{
	int r;

	do {
		r = channel_flush(the_world->server.channel);
		must(channel_receive(server_end, on_message, NULL));
	} while (r == -EAGAIN);
	must(r);
}
