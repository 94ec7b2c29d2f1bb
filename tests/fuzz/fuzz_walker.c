/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through the copy of a stack, from wherever a record says that it stands. The input is a
 * record without its stack, and without its sample, then the stack, and then the table of the file
 * that is mapped. Whatever it is, the walk ends, within the frames that there is room for.
 */
#include "profiler/daemon/walker.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/binary_table.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/jit_describer.h"
#include "profiler/daemon/process_reader.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/process_table.h"
#include "sampler_world.h"
#include "table_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_BYTES (offsetof(struct pending_record, stack) + sizeof(struct pending_go))

/* The vDSO is the one file that needs no process to be found; the other is a JIT's code. */
static const char mapped[] = "00400000-00800000 r-xp 00000000 00:00 0 [vdso]\n"
			     "10000000-10100000 r-xp 00000000 00:00 0 \n";

struct place {
	struct binary_describer *binaries;
	struct jit_describer *jits;
	struct process_reader reader;
	struct process process;
	uint32_t binary;
};

static struct place *place_get(const struct sampler_world *world, struct role_process *resolver)
{
	static struct role_process no_server;
	static struct place *place;
	const struct binary_describer_options options = {
		.server = &no_server,
		.resolver = resolver,
		.tables = world->tables,
	};
	struct mapping_table *mappings;
	struct binary *vdso;

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place || binary_describer_new(&options, &place->binaries) < 0 ||
	    jit_describer_new(&no_server, resolver, 0, &place->jits) < 0 ||
	    process_reader_init(&place->reader, place->binaries, place->jits, NULL) < 0 ||
	    mapping_table_parse(mapped, strlen(mapped), MAPPINGS_EXECUTABLE, &mappings) < 0 ||
	    process_set_mappings(&place->process, mappings) < 0)
		abort();
	place->process.is_gone = true;
	vdso = binary_describer_vdso(place->binaries);
	place->binary = vdso ? vdso->number : 0;
	return place;
}

static void set_table(struct table_loader *tables, uint32_t binary, const void *bytes, size_t size)
{
	_cleanup_(closep) int fd = size ? table_maker_memfd(bytes, size) : -1;

	table_loader_forget(tables, binary);
	if (table_loader_expect(tables, binary) < 0)
		abort();
	table_loader_put(tables, binary, fd);
}

static void run(const struct walker *walker, const struct pending_record *record)
{
	struct frame frames[WALKER_MAX_FRAMES];
	size_t n = 0;
	enum stack_outcome outcome = walker_run(walker, record, frames, &n);

	if (outcome >= STACK_OUTCOME_COUNT || n > WALKER_MAX_FRAMES)
		abort();
	for (size_t i = 0; i < n; i++)
		if (frames[i].kind == FRAME_NATIVE && frames[i].file != walker->process->number)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sampler_world *world = sampler_world_get();
	struct place *place = place_get(world, &world->resolver);
	_cleanup_(freep) struct pending_record *record = calloc(1, sizeof(*record));
	struct walker walker = { &place->reader, world->tables, &place->process, false };
	const size_t head = offsetof(struct pending_record, stack);

	if (!record)
		abort();
	if (size < HEAD_BYTES || !place->binary)
		return 0;
	memcpy(record, data, head);
	memcpy(&record->go, data + head, sizeof(record->go));
	data += HEAD_BYTES;
	size -= HEAD_BYTES;
	/* As describer_take_pending() takes them. */
	record->stack_bytes %= WIRE_STACK_BYTES + 1;
	record->go.stack_bytes %= WIRE_STACK_BYTES / 2 + 1;
	if (record->stack_bytes > size)
		record->stack_bytes = (uint32_t)size;
	memcpy(record->stack, data, record->stack_bytes);
	set_table(world->tables, place->binary, data + record->stack_bytes,
		  size - record->stack_bytes);
	place->process.number = place->binary; /* what frames may be in */
	run(&walker, record);
	walker.goes_on = true;
	run(&walker, record);
	return 0;
}
