/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unwinder, in a world that is hostile in all: where the thread stands, what is on its stack,
 * and what rules there are. The input begins with struct input; then come the stack, and a table.
 * One that does not pass the sampler's check is taken for bare rules, so that the steps see words
 * that no table could bring, too.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/unwind_step.h"
#include "profiler/base/cleanup.h"
#include "unwind/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_PC = 0x400000,
	FILE_BYTES = 0x400000,
	FILE_NUMBER = 7,
	JIT_PC = 0x10000000,
	JIT_BYTES = 0x100000,
	REGISTERS = 32, /* of the input, whatever machine it is for */
};

struct input {
	uint64_t pc, sp, fp;
	uint64_t registers[REGISTERS];
	uint64_t file_off; /* of the file's mapping */
	uint64_t pc_mask;
	uint16_t stack_bytes;
	uint8_t has_registers;
	uint8_t is_leaf;
	uint8_t goes_on;
	uint8_t file_kind;
	uint8_t has_sp;
	uint8_t unused;
};

static_assert((int)REGISTERS >= (int)WIRE_DWARF_REGISTERS, "there are enough");
static_assert(sizeof(struct input) == 304, "a corpus outlives the compiler's mind");

/* The walk, and the world that it walks in. */
struct world {
	struct walk walk; /* first: one is the other */
	const struct input *input;
	const uint8_t *stack;
	const void *table; /* aligned */
	size_t table_bytes;
	bool is_table;
};

static const struct world *world_of(const struct walk *walk)
{
	return (const struct world *)(const void *)walk;
}

static inline int walk_find_mapping(struct walk *walk, uint64_t pc)
{
	const struct input *input = world_of(walk)->input;

	if (pc >= FILE_PC && pc < FILE_PC + FILE_BYTES)
		walk->mappings[0] = (struct walk_mapping){
			.start_pc = FILE_PC,
			.end_pc = FILE_PC + FILE_BYTES,
			.file_off = input->file_off,
			.kind = input->file_kind % UNWIND_FILE_KIND_COUNT,
			.file = FILE_NUMBER,
		};
	else if (pc >= JIT_PC && pc < JIT_PC + JIT_BYTES)
		walk->mappings[0] = (struct walk_mapping){
			.start_pc = JIT_PC,
			.end_pc = JIT_PC + JIT_BYTES,
		};
	else
		return STACK_TRUNCATED_NO_MAPPING;
	return 0;
}

static inline uint64_t walk_find_rule(struct walk *walk, const struct walk_mapping *mapping,
				      uint64_t file_off)
{
	const struct world *world = world_of(walk);
	size_t n_words = world->table_bytes / sizeof(uint64_t);
	uint64_t rule = 0;

	assert(mapping == &walk->mappings[0] && mapping->kind == UNWIND_FILE_TABLE);
	if (world->is_table)
		memcpy(&rule, unwind_table_find(world->table, file_off), sizeof(rule));
	else if (n_words)
		rule = ((const uint64_t *)world->table)[(file_off >> 4) % n_words];
	return rule;
}

static inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
				  uint32_t n_words)
{
	const struct world *world = world_of(walk);
	uint64_t off = address - world->input->sp, n = world->input->stack_bytes;

	assert(n_words <= WALK_BLOCK_WORDS);
	if (off > n || n - off < n_words * sizeof(uint64_t))
		return 1;
	memcpy(ret_words, world->stack + off, n_words * sizeof(uint64_t));
	return 0;
}

static inline int walk_read(struct walk *walk, uint64_t address, uint64_t low, uint64_t *ret_word)
{
	(void)low;
	return walk_read_block(walk, address, ret_word, 1);
}

/* A step adds a frame or ends the walk: so there is an end. */
static void run(struct world *world)
{
	const struct input *input = world->input;
	struct walk *walk = &world->walk;
	int r = STEP_ON;

	walk->pc = input->pc;
	walk->sp = input->sp;
	walk->fp = input->fp;
	memcpy(walk->registers, input->registers, sizeof(walk->registers));
	walk->pc_mask = input->pc_mask;
	walk->has_registers = input->has_registers & 1;
	walk->has_sp = input->has_sp & 1;
	walk->is_leaf = input->is_leaf & 1;
	walk->goes_on = input->goes_on & 1;
	while (r == STEP_ON) {
		uint32_t n_frames = walk->n_frames;

		r = walk_step(walk);
		assert(r >= STEP_ON && r < STACK_OUTCOME_COUNT);
		assert(r != STEP_ON || walk->n_frames == n_frames + 1);
		assert(walk->n_frames <= UNWIND_MAX_FRAMES);
		assert(r != STACK_PENDING || walk->n_frames == n_frames);
	}
	assert(walk->n_pcs <= walk->n_frames);
	for (uint32_t kind = 0; kind < UNWIND_FILE_KIND_COUNT; kind++)
		assert(walk_count_by_frame_pointer(walk, kind) <= walk->n_frames);
	for (uint32_t i = 0; i < walk->n_frames; i++)
		assert(!(walk->frames[i] & UNWIND_FRAME_IS_FILE) ||
		       walk->frames[i] >> 32 == (UNWIND_FRAME_IS_FILE >> 32 | FILE_NUMBER));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) struct world *world = calloc(1, sizeof(*world));
	_cleanup_(freep) uint8_t *stack = NULL;
	_cleanup_(freep) void *table = NULL;
	struct input input;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	data += sizeof(input);
	size -= sizeof(input);
	if (input.stack_bytes > size)
		input.stack_bytes = (uint16_t)size;
	/* Each in memory of its own, so that a read past the end is seen. */
	stack = malloc(input.stack_bytes + 1UL);
	table = malloc(size - input.stack_bytes + 1);
	memcpy(stack, data, input.stack_bytes);
	memcpy(table, data + input.stack_bytes, size - input.stack_bytes);
	world->input = &input;
	world->stack = stack;
	world->table = table;
	world->table_bytes = size - input.stack_bytes;
	world->is_table = unwind_table_check(table, world->table_bytes) == 0;
	run(world);
	return 0;
}
