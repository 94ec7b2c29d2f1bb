/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/server_memory.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/channel.h"
#include "profiler/labeling.h"

void server_memory_fini(struct server_memory *memory)
{
	service_table_fini(&memory->services);
	buffer_fini(&memory->labeling);
}

int server_memory_set_labeling(struct server_memory *memory, const struct labeling *labeling)
{
	_cleanup_(buffer_fini) struct buffer body = { 0 };
	int r = labeling_append(labeling, &body);

	if (r < 0)
		return r;
	buffer_fini(&memory->labeling);
	memory->labeling = body;
	body = (struct buffer){ 0 };
	return 0;
}

void server_memory_take(struct server_memory *memory, const struct message *message)
{
	const struct message_service *said = message->body;
	uint32_t number = service_table_get(&memory->services, message_text(message, 0));
	struct service *service = &memory->services.counts.services[number];

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

int service_counts_tell(const struct service_counts *counts, struct service_told *told,
			struct channel *channel)
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

int server_memory_tell_labeling(const struct server_memory *memory, struct channel *channel)
{
	return channel_send(channel, MESSAGE_LABELING, memory->labeling.data,
			    memory->labeling.size);
}

int server_memory_tell(const struct server_memory *memory, struct channel *channel)
{
	struct service_told told = { { 0 } };
	int r = server_memory_tell_labeling(memory, channel);

	return r < 0 ? r : service_counts_tell(&memory->services.counts, &told, channel);
}
