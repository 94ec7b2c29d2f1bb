/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/walker.h"

#include <string.h>

#include <sys/auxv.h>

#include "bpf/unwind_step.h"
#include "profiler/base/array.h"
#include "profiler/daemon/process_reader.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/mapping.h"

_Static_assert(WALKER_MAX_FRAMES == UNWIND_MAX_FRAMES, "as many as the kernel half walks");

/* The walk, and the world that it walks in. Frames are numbers of binaries here. */
struct world {
	struct walk walk; /* first: one is the other */
	const struct walker *walker;
	const struct pending_record *record;
};

static struct world *world_of(struct walk *walk)
{
	return (struct world *)(void *)walk;
}

static inline int walk_find_mapping(struct walk *walk, uint64_t pc)
{
	const struct walker *walker = world_of(walk)->walker;
	struct walk_mapping *found = &walk->mappings[0];
	const struct mapping *mapping;
	uint32_t binary;

	mapping = process_reader_find(walker->reader, walker->process, pc, &binary);
	if (!mapping)
		return STACK_TRUNCATED_NO_MAPPING;
	*found = (struct walk_mapping){
		.start_pc = mapping->start_pc,
		.end_pc = mapping->end_pc,
		.file_off = mapping->file_off,
		.kind = binary ? table_loader_kind(walker->tables, binary) : UNWIND_FILE_NONE,
		.file = binary,
	};
	return 0;
}

static inline uint64_t walk_find_rule(struct walk *walk, const struct walk_mapping *mapping,
				      uint64_t file_off)
{
	return table_loader_find_rule(world_of(walk)->walker->tables, mapping->file, file_off);
}

/* What was copied of a process's memory. */
struct piece {
	uint64_t address;
	const void *bytes;
	uint64_t n_bytes;
};

static inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
				  uint32_t n_words)
{
	const struct pending_record *record = world_of(walk)->record;
	const struct pending_go *go = &record->go;
	const struct piece pieces[] = {
		{ record->sp, record->stack, record->stack_bytes },
		{ go->saved[1], record->stack + WIRE_STACK_BYTES / 2, go->stack_bytes },
		{ go->g_at, &go->g, sizeof(go->g) },
		{ go->g + UNWIND_GO_M_OFF, &go->m, sizeof(go->m) },
		{ go->m, go->m_words, sizeof(go->m_words) },
		{ go->goroutine + UNWIND_GO_M_OFF, go->saved, sizeof(go->saved) },
	};
	const size_t n_pieces = go->g_at ? ARRAY_SIZE(pieces) : 1;

	for (size_t i = 0; i < n_pieces; i++) {
		uint64_t off = address - pieces[i].address;

		if (off > pieces[i].n_bytes || pieces[i].n_bytes - off < n_words * sizeof(uint64_t))
			continue;
		memcpy(ret_words, (const uint8_t *)pieces[i].bytes + off,
		       n_words * sizeof(uint64_t));
		return 0;
	}
	return 1;
}

static inline int walk_read(struct walk *walk, uint64_t address, uint64_t low, uint64_t *ret_word)
{
	(void)low;
	return walk_read_block(walk, address, ret_word, 1);
}

uint64_t walker_pc_mask(void)
{
	unsigned long on_stack = getauxval(AT_EXECFN);

	if (!ARCH_SIGNS_RETURN_PCS || !on_stack)
		return UINT64_MAX;
	return UINT64_MAX >> __builtin_clzl(on_stack);
}

static void begin(struct world *world)
{
	const struct pending_record *record = world->record;
	struct walk *walk = &world->walk;

	walk->pc = record->pc;
	walk->sp = record->sp;
	walk->fp = record->fp;
	memcpy(walk->registers, record->registers, sizeof(walk->registers));
	walk->thread_pointer = record->thread_pointer;
	walk->pc_mask = walker_pc_mask();
	walk->rbx_at = record->has_rbx ? WALK_RBX_IN_REGISTER : WALK_RBX_UNKNOWN;
	walk->has_registers = record->has_registers;
	walk->has_sp = record->has_sp;
	walk->is_leaf = record->is_leaf;
	walk->goes_on = world->walker->goes_on;
}

static struct frame frame_of(const struct walker *walker, uint64_t frame)
{
	if (!(frame & UNWIND_FRAME_IS_FILE))
		return process_reader_place(walker->reader, walker->process, frame);
	return process_reader_place_in_file(walker->reader, walker->process,
					    (uint32_t)(frame >> 32) & INT32_MAX, (uint32_t)frame);
}

enum stack_outcome walker_run(const struct walker *walker, const struct pending_record *record,
			      struct frame ret_frames[WALKER_MAX_FRAMES], size_t *ret_n_frames)
{
	struct world world = { .walker = walker, .record = record };
	int r = STEP_ON;

	begin(&world);
	while (r == STEP_ON)
		r = walk_step(&world.walk);
	if (r == STACK_PENDING)
		return STACK_PENDING;
	for (uint32_t i = 0; i < world.walk.n_frames; i++)
		ret_frames[i] = frame_of(walker, world.walk.frames[i]);
	*ret_n_frames = world.walk.n_frames;
	return walker->goes_on ? STACK_PENDING : (enum stack_outcome)r;
}
