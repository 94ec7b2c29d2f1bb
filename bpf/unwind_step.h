/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind step: from one frame to its caller. The same source runs in the kernel, on the stack of
 * the thread that a tick has hit, and in user space, on a copy of a stack and in the tests.
 *
 * Whoever includes it has defined before how the world is read:
 *
 *     walk_find_mapping(walk, pc)
 *         puts the mapping of pc first in walk->mappings; 0 or an enum stack_outcome
 *     walk_find_rule(walk, mapping, file_off)
 *         the rule's eight bytes, 0: none
 *     walk_read(walk, address, low, ret_word)
 *         a word of the stack, which will be read on from @low; 0 or not
 *     walk_read_block(walk, address, ret_words, n_words)
 *         n_words ≤ WALK_BLOCK_WORDS words of the stack; 0 or not
 *
 * pc is where the CPU is at the leaf, after a signal, and at a landing pad; for a caller it is the
 * return address less one, which lies in the call. What cannot be known ends the walk with its
 * reason: nothing is guessed.
 */

#ifndef __bpf__
#define WALK_KEEP(x) ((void)(x))
#endif

#include "bpf/arch.h"
#include "bpf/unwind_shard.h"
#include "bpf/wire.h"

enum {
	WALK_BLOCK_WORDS = ARCH_SIGNAL_WORDS,
	WALK_FP_REACH_BYTES = 1 << 20, /* a frame pointer further up than that is none */
	WALK_MIN_PC = 4096,
	WALK_RBX = 3, /* its DWARF number */
	WALK_FP_COUNT_BITS = 16,
};

/* Where rbx of the frame is, if not at that address. */
enum {
	WALK_RBX_IN_REGISTER, /* as the leaf, or what a signal struck, had it */
	WALK_RBX_UNKNOWN,
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
	uint64_t pc_mask; /* what of a return address is one: arm64 signs it in the other bits */
	uint64_t thread_pointer; /* where its thread-local variables are; 0: that is not known */
	uint64_t registers[WIRE_DWARF_REGISTERS]; /* by DWARF number, if has_registers */
	uint64_t block[WALK_BLOCK_WORDS];
	uint64_t rbx_at;        /* or one of WALK_RBX_… */
	uint32_t has_registers; /* only at the leaf, and after a signal */
	uint32_t has_sp;        /* or sp is known to lie further up only */
	uint32_t is_leaf;
	uint32_t is_newborn; /* a thread that has not returned from clone(2), on its new stack */
	uint32_t n_frames;
	uint32_t n_pcs;   /* frames that are no file and offset */
	uint32_t goes_on; /* where a table is pending: by frame pointer */
	uint64_t hash;
	uint64_t n_by_frame_pointer;     /* see walk_count_by_frame_pointer() */
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

/* Be where the thread was when its registers, which are known, were saved. */
static __always_inline void walk_enter(struct walk *walk, uint64_t pc)
{
	walk->pc = pc;
	walk->sp = walk->registers[ARCH_SP];
	walk->fp = walk->registers[ARCH_FP];
	walk->rbx_at = WALK_RBX_IN_REGISTER;
	walk->has_sp = 1;
	walk->has_registers = 1;
	walk->is_leaf = 1;
}

/* Go to the caller whose frame begins at @cfa. */
static __always_inline int walk_leave(struct walk *walk, uint64_t cfa, uint64_t return_pc)
{
	return_pc &= walk->pc_mask;
	if (return_pc < WALK_MIN_PC)
		return STACK_WHOLE; /* entry code that pushes 0 for its caller's */
	walk->sp = cfa;
	walk->pc = return_pc - 1;
	walk->has_sp = 1;
	walk->has_registers = 0;
	walk->is_leaf = 0;
	return STEP_ON;
}

/* How many frames in mappings of that kind, enum unwind_file_kind, were left without a rule. */
static __always_inline uint64_t walk_count_by_frame_pointer(const struct walk *walk, uint32_t kind)
{
	return walk->n_by_frame_pointer >> WALK_FP_COUNT_BITS * kind &
	       ((1ULL << WALK_FP_COUNT_BITS) - 1);
}

/*
 * By frame pointer, where there is no rule: in code that a JIT wrote, and assembler. It must point
 * up the stack, not too far, to an aligned pair. A thread's entry has set it to 0 before it called
 * anybody; where it has called nobody, 0 may be any number.
 */
static __always_inline int walk_by_frame_pointer(struct walk *walk, int outcome_if_not)
{
	uint64_t fp = walk->fp;
	int r;

	if (!fp)
		return walk->is_leaf || walk->mappings[0].kind == UNWIND_FILE_NONE ? outcome_if_not
										   : STACK_WHOLE;
	if (fp < walk->sp || fp > walk->sp + WALK_FP_REACH_BYTES || (fp & 7))
		return outcome_if_not;
	if (walk_read_block(walk, fp, walk->block, 2))
		return outcome_if_not;
	walk->n_by_frame_pointer += 1ULL << WALK_FP_COUNT_BITS * (walk->mappings[0].kind & 3);
	walk->fp = walk->block[0];
	walk->rbx_at = WALK_RBX_UNKNOWN;
	r = walk_leave(walk, fp + 16, walk->block[1]);
	walk->has_sp = ARCH_RECORD_ENDS_FRAME;
	return r;
}

/* The kernel has all registers in its frame. */
static __always_inline int walk_leave_signal(struct walk *walk)
{
	if (!walk->has_sp)
		return STACK_TRUNCATED_REGISTER;
	if (walk_read_block(walk, walk->sp + ARCH_SIGNAL_OFF, walk->block, ARCH_SIGNAL_WORDS))
		return STACK_TRUNCATED_READ;
	arch_take_signal_words(walk->registers, walk->block);
	walk_enter(walk, walk->block[ARCH_SIGNAL_WORDS - 1]);
	return STEP_ON;
}

/*
 * Where the frame ends by its rule, if sp is not known: it is what led to the callee that was left
 * by its frame pointer, so ours points to the record that the rule tells of.
 */
static __always_inline int
walk_find_cfa_by_record(const struct walk *walk, const struct unwind_rule *rule, uint64_t *ret_cfa)
{
	if (rule->fp_kind != UNWIND_FP_CFA || rule->ra_kind != UNWIND_RA_CFA)
		return STACK_TRUNCATED_REGISTER;
	*ret_cfa = walk->fp - arch_fp_off(rule);
	return STEP_ON;
}

/* A register of this frame. Returns STEP_ON, or how the walk ends: of a caller just rbx is known.
 */
static __always_inline int walk_find_register(struct walk *walk, uint64_t reg, uint64_t *ret_value)
{
	uint64_t at = walk->rbx_at;

	WALK_KEEP(reg);
	if (walk->has_registers && reg < WIRE_DWARF_REGISTERS) {
		*ret_value = walk->registers[reg];
		return STEP_ON;
	}
	if (!ARCH_TELLS_RBX || reg != WALK_RBX || at == WALK_RBX_UNKNOWN)
		return STACK_TRUNCATED_REGISTER;
	*ret_value = walk->registers[WALK_RBX];
	if (at == WALK_RBX_IN_REGISTER)
		return STEP_ON;
	return walk_read_block(walk, at, ret_value, 1) ? STACK_TRUNCATED_READ : STEP_ON;
}

/* Returns STEP_ON and sets *@ret_cfa, or how the walk ends. */
static __always_inline int walk_find_cfa(struct walk *walk, const struct unwind_rule *rule,
					 uint64_t *ret_cfa)
{
	int64_t cfa_off = rule->cfa_off;
	uint64_t word = 0;
	int r;

	switch (rule->cfa_kind) {
	case UNWIND_CFA_SP:
		if (!ARCH_RECORD_ENDS_FRAME && !walk->has_sp)
			return walk_find_cfa_by_record(walk, rule, ret_cfa);
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
		if (rule->cfa_kind == UNWIND_CFA_DEREF_SP && !walk->has_sp)
			return STACK_TRUNCATED_REGISTER;
		if (walk_read(walk, word + (cfa_off & ~7LL), word + (cfa_off & ~7LL), &word))
			return STACK_TRUNCATED_READ;
		*ret_cfa = word + (cfa_off & 7) * 8;
		return STEP_ON;
	case UNWIND_CFA_REGISTER:
		r = walk_find_register(walk, rule->reg, &word);
		*ret_cfa = word + cfa_off;
		return r;
	default:
		return STACK_TRUNCATED_UNSUPPORTED;
	}
}

/* The frame pointer of the caller. */
static __always_inline int walk_restore_fp(struct walk *walk, const struct unwind_rule *rule,
					   uint64_t cfa)
{
	uint64_t at = rule->fp_kind == UNWIND_FP_CFA ? cfa + arch_fp_off(rule)
						     : walk->fp + arch_fp_off(rule);

	if (rule->fp_kind == UNWIND_FP_SAME)
		return STEP_ON;
	if (rule->fp_kind == UNWIND_FP_UNDEFINED) {
		walk->fp = 0;
		return STEP_ON;
	}
	return walk_read(walk, at, at, &walk->fp) ? STACK_TRUNCATED_READ : STEP_ON;
}

static __always_inline void walk_restore_rbx(struct walk *walk, const struct unwind_rule *rule,
					     uint64_t cfa)
{
	if (!ARCH_TELLS_RBX)
		return;
	if (rule->reg == UNWIND_RBX_UNKNOWN || rule->cfa_kind == UNWIND_CFA_REGISTER ||
	    rule->ra_kind == UNWIND_RA_REGISTER)
		walk->rbx_at = WALK_RBX_UNKNOWN;
	else if (rule->reg != UNWIND_RBX_SAME)
		walk->rbx_at = cfa - 8 * rule->reg;
}

static __always_inline int walk_by_rule(struct walk *walk, const struct unwind_rule *rule)
{
	uint64_t reg = rule->reg;
	uint64_t cfa, at, return_pc;
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
		at = cfa + arch_return_pc_off(rule);
		if (walk_read(walk, at, arch_read_from(at, walk->sp), &return_pc))
			return STACK_TRUNCATED_READ;
	}
	walk_restore_rbx(walk, rule, cfa);
	r = walk_restore_fp(walk, rule, cfa);
	return r != STEP_ON ? r : walk_leave(walk, cfa, return_pc + rule->lands);
}

/*
 * To the goroutine that the thread has left for its own stack, or is about to enter. It goes on
 * where it will be resumed, not behind a call. A thread that has put it aside is the scheduler's:
 * that stack ends here, as it does for Go.
 */
static __always_inline int walk_to_goroutine(struct walk *walk, const struct unwind_rule *rule)
{
	uint64_t way = rule->cfa_off & 7;
	uint64_t g, m, goroutine, saved[UNWIND_GO_SAVED_WORDS];
	int outcome_if_none = way == UNWIND_GO_RESUMES ? STACK_WHOLE : STACK_TRUNCATED_ASTRAY;

	if (!walk->thread_pointer)
		return STACK_TRUNCATED_REGISTER;
	if (walk_read_block(walk, walk->thread_pointer + (rule->cfa_off & ~7LL), &g, 1) ||
	    walk_read_block(walk, g + UNWIND_GO_M_OFF, &m, 1) ||
	    walk_read_block(walk, m + (int64_t)rule->fp_off, &goroutine, 1))
		return STACK_TRUNCATED_READ;
	if (!goroutine)
		return outcome_if_none;
	if (walk_read_block(walk, goroutine + UNWIND_GO_M_OFF, saved, UNWIND_GO_SAVED_WORDS))
		return STACK_TRUNCATED_READ;
	if (saved[0] != m)
		return outcome_if_none;
	if (rule->fp_kind != UNWIND_FP_SAME)
		walk->fp = 0;
	walk->rbx_at = WALK_RBX_UNKNOWN;
	walk->has_sp = 1;
	walk->has_registers = 0;
	walk->is_leaf = 0;
	if (way == UNWIND_GO_CALLS) {
		if (walk_read(walk, saved[1], saved[1], &walk->pc))
			return STACK_TRUNCATED_READ;
		return walk_leave(walk, saved[1] + 8, walk->pc);
	}
	if (way == UNWIND_GO_RESUMES)
		walk->sp = saved[1];
	walk->pc = saved[2];
	return STEP_ON;
}

/* Code that leaves for another place, and has all that it needs there in registers. */
static __always_inline int walk_leave_by_jump(struct walk *walk, const struct unwind_rule *rule)
{
	uint64_t sp = (uint32_t)rule->cfa_off, fp = (uint16_t)rule->fp_off, pc = rule->reg;

	WALK_KEEP(sp);
	WALK_KEEP(fp);
	WALK_KEEP(pc);
	if (!walk->has_registers || sp >= WIRE_DWARF_REGISTERS || fp >= WIRE_DWARF_REGISTERS ||
	    pc >= WIRE_DWARF_REGISTERS)
		return STACK_TRUNCATED_REGISTER;
	walk->fp = walk->registers[fp];
	walk->rbx_at = WALK_RBX_UNKNOWN;
	return walk_leave(walk, walk->registers[sp], walk->registers[pc]);
}

/* To the landing pad of an exception. */
static __always_inline int walk_land(struct walk *walk, const struct unwind_rule *rule)
{
	uint64_t at = (rule->reg == ARCH_FP ? walk->fp : walk->sp) + rule->cfa_off;
	uint64_t to[2]; /* sp and pc */
	uint64_t fp_at;

	if (!walk->has_sp)
		return STACK_TRUNCATED_REGISTER;
	if (walk_read_block(walk, at, to, 2) ||
	    walk_read_block(walk, at + (int64_t)rule->fp_off, &fp_at, 1) ||
	    walk_read_block(walk, fp_at, &walk->fp, 1))
		return STACK_TRUNCATED_READ;
	if (to[0] <= walk->sp)
		return STACK_TRUNCATED_ASTRAY;
	walk->rbx_at = WALK_RBX_UNKNOWN;
	return walk_leave(walk, to[0], to[1] + 1);
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
	case UNWIND_CFA_JUMP:
		return walk_leave_by_jump(walk, &u.rule);
	case UNWIND_CFA_SIGNAL:
		return walk_leave_signal(walk);
	case UNWIND_CFA_GO_SAVED:
		return walk_to_goroutine(walk, &u.rule);
	case UNWIND_CFA_LANDING:
		return walk_land(walk, &u.rule);
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
	if (mapping->kind == UNWIND_FILE_PENDING && !walk->goes_on && !walk->is_newborn)
		return STACK_PENDING;
	if (mapping->file && !(file_off >> 32)) {
		walk_add_frame(walk, UNWIND_FRAME(mapping->file, file_off));
	} else {
		walk_add_frame(walk, walk->pc);
		walk->n_pcs++;
	}
	if (walk->is_newborn)
		return STACK_WHOLE;
	if (mapping->kind == UNWIND_FILE_TABLE)
		return walk_through_file(walk, file_off);
	return walk_by_frame_pointer(walk, mapping->kind == UNWIND_FILE_NONE
						   ? STACK_TRUNCATED_JIT
						   : STACK_TRUNCATED_NO_TABLE);
}
