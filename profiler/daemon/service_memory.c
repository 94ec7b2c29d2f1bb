/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/service_memory.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/channel.h"

void service_memory_take(struct service_table *table, const struct message *message)
{
	const struct message_service *said = message->body;
	uint32_t number = service_table_get(table, message_text(message, 0));
	struct service *service = &table->counts.services[number];

	if (said->cpu_ns > service->cpu_ns)
		service->cpu_ns = said->cpu_ns;
}

static int tell(struct channel *channel, const struct service *service)
{
	struct message_service message = { service->cpu_ns };
	const struct iovec parts[] = {
		{ &message, sizeof(message) },
		{ (void *)(uintptr_t)service->name, strlen(service->name) + 1 },
	};

	return channel_send_parts(channel, MESSAGE_SERVICE, parts, ARRAY_SIZE(parts));
}

int service_memory_tell(struct channel *channel, const struct service_counts *counts,
			struct service_told *told)
{
	for (uint32_t i = 0; i < counts->n_services; i++) {
		int r;

		if (counts->services[i].cpu_ns == told->cpu_ns[i])
			continue;
		r = tell(channel, &counts->services[i]);
		if (r < 0)
			return r;
		told->cpu_ns[i] = counts->services[i].cpu_ns;
	}
	return 0;
}
