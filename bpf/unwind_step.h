/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind step: from one frame to its caller. The same source runs in the kernel, on the stack of
 * the thread that a tick has hit, and in user space, on a copy of a stack and in the tests.
 *
 * Whoever includes it has defined before how the world is read:
 *
 *     walk_find_mapping(walk, pc)                   puts the mapping of pc first in walk->mappings;
 *                                                   0 or an enum stack_outcome that ends the walk
 *     walk_find_rule(walk, mapping, file_off)       the rule's eight bytes, 0: none
 *     walk_read(walk, address, low, ret_word)       a word of the stack, which is read on from
 * @low; 0 or not walk_read_block(walk, address, ret, n_words)  n_words ≤ WALK_BLOCK_WORDS words of
 * the stack
 *
 * pc is where the CPU is at the leaf, and after a signal; for a caller it is the return address
 * less one, which lies in the call. What cannot be known ends the walk with its reason: nothing is
 * guessed.
 */

#ifndef __bpf__
#define WALK_KEEP(x) ((void)(x))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif

#include "bpf/unwind_shard.h"
#include "bpf/wire.h"

enum {
	WALK_BLOCK_WORDS = 17,         /* of a signal frame: r8 … rip */
	WALK_FP_REACH_BYTES = 1 << 20, /* a frame pointer further up than that is none */
	WALK_MIN_PC = 4096,
};

struct walk_mapping {
	uint64_t start_pc;
	uint64_t end_pc;
	uint64_t file_off; /* of start_pc */
	uint32_t kind;     /* enum unwind_file_kind */
	uint32_t file;     /* number of the file in frames, or 0: frames are pcs */
	uint32_t table;    /* where its table begins */
	uint32_t n_chunks; /* of its table */
};

struct walk {
	uint64_t pc, sp, fp;
	uint64_t registers[WIRE_DWARF_REGISTERS]; /* by DWARF number, if has_registers */
	uint64_t block[WALK_BLOCK_WORDS];
	uint32_t has_registers; /* only at the leaf, and after a signal */
	uint32_t is_leaf;
	uint32_t n_frames;
	uint32_t n_by_frame_pointer; /* frames left without a rule */
	uint32_t n_pcs;              /* frames that are no file and offset */
	uint32_t goes_on;            /* where a table is pending: by frame pointer */
	uint64_t hash;
	struct walk_mapping mappings[2]; /* the last ones that were hit, the last one first */
	uint64_t frames[UNWIND_MAX_FRAMES];
};

#ifdef __bpf__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal" /* whoever includes this defines them */
#endif
static __always_inline int walk_find_mapping(struct walk *walk, uint64_t pc);
static __always_inline uint64_t walk_find_rule(struct walk *walk,
					       const struct walk_mapping *mapping,
					       uint64_t file_off);
static __always_inline int walk_read(struct walk *walk, uint64_t address, uint64_t low,
				     uint64_t *ret_word);
static __always_inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
					   uint32_t n_words);

#ifdef __bpf__
#pragma clang diagnostic pop
#endif

#define STEP_ON (-1) /* not an enum stack_outcome: there is a caller */

static __always_inline uint64_t walk_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ (hash >> 32);
}

/* The mapping of walk->pc is the first of walk->mappings afterwards. 0, or how the walk ends. */
static __always_inline int walk_enter_mapping(struct walk *walk)
{
	const struct walk_mapping *first = &walk->mappings[0], *second = &walk->mappings[1];
	struct walk_mapping swapped;

	if (walk->pc >= first->start_pc && walk->pc < first->end_pc)
		return 0;
	swapped = *first;
	if (walk->pc >= second->start_pc && walk->pc < second->end_pc) {
		walk->mappings[0] = *second;
		walk->mappings[1] = swapped;
		return 0;
	}
	walk->mappings[1] = swapped;
	return walk_find_mapping(walk, walk->pc);
}

static __always_inline void walk_add_frame(struct walk *walk, uint64_t frame)
{
	uint64_t index = walk->n_frames;

	WALK_KEEP(index); /* what is checked is what is used */
	if (index >= UNWIND_MAX_FRAMES)
		return;
	walk->frames[index] = frame;
	walk->n_frames = index + 1;
	walk->hash = walk_mix(walk->hash, frame);
}

/* Go to the caller whose frame begins at @cfa. */
static __always_inline int walk_leave(struct walk *walk, uint64_t cfa, uint64_t return_pc)
{
	if (return_pc < WALK_MIN_PC)
		return STACK_WHOLE; /* entry code that pushes 0 for its caller's */
	walk->sp = cfa;
	walk->pc = return_pc - 1;
	walk->has_registers = 0;
	walk->is_leaf = 0;
	return STEP_ON;
}

/*
 * By frame pointer, where there is no rule: in code that a JIT wrote, and assembler. It must point
 * up the stack, not too far, to an aligned pair.
 */
static __always_inline int walk_by_frame_pointer(struct walk *walk, int outcome_if_not)
{
	uint64_t fp = walk->fp;

	if (!fp)
		return walk->mappings[0].kind == UNWIND_FILE_NONE ? outcome_if_not : STACK_WHOLE;
	if (fp < walk->sp || fp > walk->sp + WALK_FP_REACH_BYTES || (fp & 7))
		return outcome_if_not;
	if (walk_read_block(walk, fp, walk->block, 2))
		return outcome_if_not;
	walk->n_by_frame_pointer++;
	walk->fp = walk->block[0];
	return walk_leave(walk, fp + 16, walk->block[1]);
}

/* x86-64: the kernel's struct rt_sigframe has the registers at sp + 40: r8 … r15, di, si, bp, bx,
 * dx, ax, cx, sp, ip (arch/x86/include/uapi/asm/sigcontext.h). */
static __always_inline int walk_leave_signal(struct walk *walk)
{
	if (walk_read_block(walk, walk->sp + 40, walk->block, WALK_BLOCK_WORDS))
		return STACK_TRUNCATED_READ;
	for (int i = 0; i < 8; i++)
		walk->registers[8 + i] = walk->block[i];
	walk->registers[5] = walk->block[8];
	walk->registers[4] = walk->block[9];
	walk->registers[6] = walk->fp = walk->block[10];
	walk->registers[3] = walk->block[11];
	walk->registers[1] = walk->block[12];
	walk->registers[0] = walk->block[13];
	walk->registers[2] = walk->block[14];
	walk->registers[7] = walk->sp = walk->block[15];
	walk->pc = walk->block[16];
	walk->has_registers = 1;
	walk->is_leaf = 1;
	return STEP_ON;
}

/* Returns STEP_ON and sets *@ret_cfa, or how the walk ends. */
static __always_inline int walk_find_cfa(struct walk *walk, const struct unwind_rule *rule,
					 uint64_t *ret_cfa)
{
	int64_t cfa_off = rule->cfa_off;
	uint64_t word;
	uint64_t reg = rule->reg;

	switch (rule->cfa_kind) {
	case UNWIND_CFA_SP:
		*ret_cfa = walk->sp + cfa_off;
		return STEP_ON;
	case UNWIND_CFA_FP:
	case UNWIND_CFA_FP_ANYWHERE:
		*ret_cfa = walk->fp + cfa_off;
		return STEP_ON;
	case UNWIND_CFA_PLT:
		*ret_cfa = walk->sp + 8 + ((walk->pc & 15) >= (uint64_t)cfa_off ? 8 : 0);
		return STEP_ON;
	case UNWIND_CFA_DEREF_SP:
	case UNWIND_CFA_DEREF_FP:
		word = rule->cfa_kind == UNWIND_CFA_DEREF_SP ? walk->sp : walk->fp;
		if (walk_read(walk, word + (cfa_off & ~7LL), word + (cfa_off & ~7LL), &word))
			return STACK_TRUNCATED_READ;
		*ret_cfa = word + (cfa_off & 7) * 8;
		return STEP_ON;
	case UNWIND_CFA_REGISTER:
		WALK_KEEP(reg);
		if (!walk->has_registers || reg >= WIRE_DWARF_REGISTERS)
			return STACK_TRUNCATED_REGISTER;
		*ret_cfa = walk->registers[reg] + cfa_off;
		return STEP_ON;
	default:
		return STACK_TRUNCATED_UNSUPPORTED;
	}
}

/* The frame pointer of the caller. */
static __always_inline int walk_restore_fp(struct walk *walk, const struct unwind_rule *rule,
					   uint64_t cfa)
{
	uint64_t at = rule->fp_kind == UNWIND_FP_CFA ? cfa + (int64_t)rule->fp_off
						     : walk->fp + (int64_t)rule->fp_off;

	if (rule->fp_kind == UNWIND_FP_SAME)
		return STEP_ON;
	if (rule->fp_kind == UNWIND_FP_UNDEFINED) {
		walk->fp = 0;
		return STEP_ON;
	}
	return walk_read(walk, at, at, &walk->fp) ? STACK_TRUNCATED_READ : STEP_ON;
}

static __always_inline int walk_by_rule(struct walk *walk, const struct unwind_rule *rule)
{
	uint64_t reg = rule->reg;
	uint64_t cfa, low, return_pc;
	int r;

	r = walk_find_cfa(walk, rule, &cfa);
	if (r != STEP_ON)
		return r;
	/* A frame takes room, but for a leaf whose return address is still in a register; and code
	 * that switches stacks leads anywhere. */
	if (cfa <= walk->sp && rule->ra_kind != UNWIND_RA_REGISTER &&
	    rule->cfa_kind != UNWIND_CFA_FP_ANYWHERE)
		return STACK_TRUNCATED_ASTRAY;
	if (rule->ra_kind == UNWIND_RA_REGISTER) {
		WALK_KEEP(reg);
		if (!walk->has_registers || reg >= WIRE_DWARF_REGISTERS)
			return STACK_TRUNCATED_REGISTER;
		return_pc = walk->registers[reg];
	} else {
		/* From below the return address on: the saved frame pointer lies there. */
		low = cfa - 64 < walk->sp ? walk->sp & ~7ULL : cfa - 64;
		if (walk_read(walk, cfa - 8, low, &return_pc))
			return STACK_TRUNCATED_READ;
	}
	r = walk_restore_fp(walk, rule, cfa);
	return r != STEP_ON ? r : walk_leave(walk, cfa, return_pc);
}

static __always_inline int walk_through_file(struct walk *walk, uint64_t file_off)
{
	union {
		uint64_t word;
		struct unwind_rule rule;
	} u = { .word = walk_find_rule(walk, &walk->mappings[0], file_off) };

	switch (u.rule.cfa_kind) {
	case UNWIND_CFA_NONE:
		return walk_by_frame_pointer(walk, STACK_TRUNCATED_NO_RULE);
	case UNWIND_CFA_END:
		return STACK_WHOLE;
	case UNWIND_CFA_SIGNAL:
		return walk_leave_signal(walk);
	default:
		return walk_by_rule(walk, &u.rule);
	}
}

/*
 * Record the frame at walk->pc and go to its caller.
 *
 * Returns STEP_ON, or the enum stack_outcome of the walk, which has ended. STACK_PENDING leaves the
 * walk as it is, before the frame: it can go on from there when the table has come.
 */
static __always_inline int walk_step(struct walk *walk)
{
	const struct walk_mapping *mapping = &walk->mappings[0];
	uint64_t file_off;
	int r;

	if (walk->n_frames >= UNWIND_MAX_FRAMES)
		return STACK_TRUNCATED_DEPTH;
	r = walk_enter_mapping(walk);
	if (r)
		return r;
	file_off = walk->pc - mapping->start_pc + mapping->file_off;
	if (mapping->kind == UNWIND_FILE_PENDING && !walk->goes_on)
		return STACK_PENDING;
	if (mapping->file) {
		walk_add_frame(walk, UNWIND_FRAME(mapping->file, file_off));
	} else {
		walk_add_frame(walk, walk->pc);
		walk->n_pcs++;
	}
	if (mapping->kind == UNWIND_FILE_TABLE)
		return walk_through_file(walk, file_off);
	return walk_by_frame_pointer(walk, mapping->kind == UNWIND_FILE_NONE
						   ? STACK_TRUNCATED_JIT
						   : STACK_TRUNCATED_NO_TABLE);
}
