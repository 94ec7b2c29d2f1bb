/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel half says of a sample that it could not finish: the bytes of its ring, as they
 * are. Whatever they hold, the sample is described or dropped, never both, and what the server
 * hears of it is valid. The process is one that is gone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/describer.h"
#include "sampler_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP(struct describer *, describer_free)

static void on_forget_stack(void *context, uint64_t stack_hash)
{
	(void)context;
	(void)stack_hash;
}

static uint64_t dropped_count(const struct describer *describer)
{
	struct sampler_status status = { 0 };
	uint64_t sum = 0;

	describer_get_status(describer, &status);
	for (size_t i = 0; i < DROP_REASON_COUNT; i++)
		sum += status.dropped[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sampler_world *world = sampler_world_get();
	_cleanup_(describer_freep) struct describer *describer = NULL;
	_cleanup_(freep) struct pending_record *record = malloc(size + 1);
	const struct describer_options options = {
		.server = &world->server,
		.resolver = &world->resolver,
		.tables = world->tables,
		.containers = world->containers,
		.memory_bytes = 8 << 20,
		.on_forget_stack = on_forget_stack,
	};

	if (!record || describer_new(&options, &describer) < 0 ||
	    describer_begin_dictionary(describer) < 0)
		abort();
	memcpy(record, data, size);
	if (size >= sizeof(*record))
		record->sample.header.process.pid = 0;
	describer_take_pending(describer, record, size);
	describer_finish_pending(describer);
	describer_flush(describer);
	sampler_world_read_server();
	if (describer_has_pending(describer) ||
	    describer_sent_count(describer) + dropped_count(describer) != 1)
		abort();
	return 0;
}
