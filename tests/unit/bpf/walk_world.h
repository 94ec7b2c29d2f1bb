/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walk world: what bpf/unwind_step.h walks in, in its tests: one file at FILE_PC, one piece of
 * anonymous code at JIT_PC, and a stack. A test's program is for one machine: see bpf/arch.h.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/unwind_step.h"

enum {
	FILE_PC = 0x400000,
	JIT_PC = 0x500000,
	CODE_BYTES = 0x1000,
	STACK = 0x7000000,
	STACK_WORDS = 96,
	FILE_NUMBER = 7,
};

#define PC_MASK (UINT64_MAX >> 16)

static uint64_t stack[STACK_WORDS];
static struct unwind_rule rules[CODE_BYTES >> 8]; /* one for each 256 bytes of the file */
static uint32_t file_kind;

static inline int walk_find_mapping(struct walk *walk, uint64_t pc)
{
	int is_file = pc >= FILE_PC && pc < FILE_PC + CODE_BYTES;

	if (!is_file && (pc < JIT_PC || pc >= JIT_PC + CODE_BYTES))
		return STACK_TRUNCATED_NO_MAPPING;
	walk->mappings[0] = (struct walk_mapping){
		.start_pc = is_file ? FILE_PC : JIT_PC,
		.end_pc = (is_file ? FILE_PC : JIT_PC) + CODE_BYTES,
		.kind = is_file ? file_kind : UNWIND_FILE_NONE,
		.file = is_file ? FILE_NUMBER : 0,
	};
	return 0;
}

static inline uint64_t walk_find_rule(struct walk *walk, const struct walk_mapping *mapping,
				      uint64_t file_off)
{
	uint64_t rule;

	(void)walk;
	(void)mapping;
	memcpy(&rule, &rules[file_off >> 8], sizeof(rule));
	return rule;
}

static inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
				  uint32_t n_words)
{
	uint64_t word = (address - STACK) / 8;

	(void)walk;
	if (address < STACK || address % 8 || word + n_words > STACK_WORDS)
		return 1;
	memcpy(ret_words, stack + word, n_words * 8);
	return 0;
}

static inline int walk_read(struct walk *walk, uint64_t address, uint64_t low, uint64_t *ret_word)
{
	(void)low;
	return walk_read_block(walk, address, ret_word, 1);
}

/* At the start of the n-th 256 bytes of the file. */
static inline uint64_t pc_of(unsigned int n)
{
	return FILE_PC + 256 * n;
}

static inline void set_rule(unsigned int n, struct unwind_rule rule)
{
	rules[n] = rule;
}

static inline int set_up(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	memset(rules, 0, sizeof(rules));
	file_kind = UNWIND_FILE_TABLE;
	return 0;
}

static inline struct walk begin_at(uint64_t pc, unsigned int sp_word)
{
	return (struct walk){
		.pc = pc,
		.sp = STACK + 8 * sp_word,
		.pc_mask = PC_MASK,
		.has_registers = 1,
		.has_sp = 1,
		.is_leaf = 1,
	};
}

static inline int run(struct walk *walk)
{
	int r = STEP_ON;

	while (r == STEP_ON)
		r = walk_step(walk);
	return r;
}
