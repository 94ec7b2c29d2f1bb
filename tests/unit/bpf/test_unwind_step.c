/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/unwind_step.h"

/* A world of one file at 0x400000, one piece of anonymous code at 0x500000, and a stack. */
enum {
	FILE_PC = 0x400000,
	JIT_PC = 0x500000,
	CODE_BYTES = 0x1000,
	STACK = 0x7000000,
	STACK_WORDS = 64,
	FILE_NUMBER = 7,
};

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
static uint64_t pc_of(unsigned int n)
{
	return FILE_PC + 256 * n;
}

static void set_rule(unsigned int n, struct unwind_rule rule)
{
	rules[n] = rule;
}

static int set_up(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	memset(rules, 0, sizeof(rules));
	file_kind = UNWIND_FILE_TABLE;
	return 0;
}

static struct walk begin_at(uint64_t pc, unsigned int sp_word)
{
	return (struct walk){
		.pc = pc, .sp = STACK + 8 * sp_word, .has_registers = 1, .is_leaf = 1
	};
}

static int run(struct walk *walk)
{
	int r = STEP_ON;

	while (r == STEP_ON)
		r = walk_step(walk);
	return r;
}

static void walks_by_stack_pointer_to_the_entry(void **state)
{
	struct walk walk = begin_at(pc_of(1) + 4, 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 16 });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 8 });
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	stack[1] = pc_of(2) + 9;
	stack[2] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[0], UNWIND_FRAME(FILE_NUMBER, 0x104));
	assert_int_equal(walk.frames[1],
			 UNWIND_FRAME(FILE_NUMBER, 0x208)); /* the call, not after it */
	assert_int_equal(walk.frames[2], UNWIND_FRAME(FILE_NUMBER, 0x300));
}

static void restores_the_frame_pointer_that_a_caller_needs(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP,
					  .cfa_off = 24,
					  .fp_kind = UNWIND_FP_CFA,
					  .fp_off = -24 });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_FP, .cfa_off = 16 });
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	stack[0] = STACK + 8 * 5; /* the caller's rbp */
	stack[2] = pc_of(2) + 1;
	stack[6] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
}

static void believes_no_registers_of_a_caller(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1,
		 (struct unwind_rule){ .cfa_kind = UNWIND_CFA_REGISTER, .reg = 3, .cfa_off = 8 });
	walk.registers[3] = STACK + 8 * 2;
	stack[2] = pc_of(1) + 1; /* the same rule again, in the caller */
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
	assert_int_equal(walk.n_frames, 2);
}

static void goes_on_behind_a_signal_frame_where_the_signal_struck(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SIGNAL });
	set_rule(2,
		 (struct unwind_rule){ .cfa_kind = UNWIND_CFA_REGISTER, .reg = 12, .cfa_off = 8 });
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	stack[5 + 4] = STACK + 8 * 40;  /* r12 */
	stack[5 + 15] = STACK + 8 * 38; /* sp */
	stack[5 + 16] = pc_of(2);       /* ip: not a return address */
	stack[40] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));
	assert_int_equal(walk.n_frames, 3);
}

static void follows_frame_pointers_through_a_jit(void **state)
{
	struct walk walk = begin_at(JIT_PC + 8, 0);

	(void)state;
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	walk.fp = STACK + 8 * 2;
	stack[2] = STACK + 8 * 6;
	stack[3] = JIT_PC + 100;
	stack[7] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.n_pcs, 2);
	assert_int_equal(walk.frames[1], JIT_PC + 99);
}

static void takes_no_data_for_a_frame_pointer(void **state)
{
	const uint64_t wrong[] = { STACK - 8, STACK + 4, 0x1234567890, 0, 8 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct walk walk = begin_at(JIT_PC, 0);

		walk.fp = wrong[i];
		assert_int_equal(run(&walk), STACK_TRUNCATED_JIT);
		assert_int_equal(walk.n_frames, 1);
	}
}

static void never_walks_down_the_stack(void **state)
{
	struct walk walk = begin_at(pc_of(1), 8);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = -16 });
	assert_int_equal(run(&walk), STACK_TRUNCATED_ASTRAY);
}

static void ends_a_loop_of_frames_at_the_bound(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);
	int r = STEP_ON;

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 8 });
	while (r == STEP_ON) {
		walk.sp = STACK; /* a stack without an end */
		stack[0] = pc_of(1) + 1;
		r = walk_step(&walk);
	}
	assert_int_equal(r, STACK_TRUNCATED_DEPTH);
	assert_int_equal(walk.n_frames, UNWIND_MAX_FRAMES);
}

static void waits_before_the_frame_whose_table_is_pending(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	file_kind = UNWIND_FILE_PENDING;
	assert_int_equal(run(&walk), STACK_PENDING);
	assert_int_equal(walk.n_frames, 0);
	file_kind = UNWIND_FILE_TABLE;
	walk.mappings[0] = (struct walk_mapping){ 0 };
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 1);
}

static void says_why_it_ends(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_UNSUPPORTED });
	assert_int_equal(run(&walk), STACK_TRUNCATED_UNSUPPORTED);
	walk = begin_at(pc_of(1), STACK_WORDS);
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 64 });
	assert_int_equal(run(&walk), STACK_TRUNCATED_READ);
	walk = begin_at(0x999999, 0);
	assert_int_equal(run(&walk), STACK_TRUNCATED_NO_MAPPING);
	walk = begin_at(pc_of(2), 0);
	walk.fp = 5;
	assert_int_equal(run(&walk), STACK_TRUNCATED_NO_RULE);
	file_kind = UNWIND_FILE_NO_TABLE;
	walk = begin_at(pc_of(2), 0);
	walk.fp = 5;
	assert_int_equal(run(&walk), STACK_TRUNCATED_NO_TABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(walks_by_stack_pointer_to_the_entry, set_up),
		cmocka_unit_test_setup(restores_the_frame_pointer_that_a_caller_needs, set_up),
		cmocka_unit_test_setup(believes_no_registers_of_a_caller, set_up),
		cmocka_unit_test_setup(goes_on_behind_a_signal_frame_where_the_signal_struck,
				       set_up),
		cmocka_unit_test_setup(follows_frame_pointers_through_a_jit, set_up),
		cmocka_unit_test_setup(takes_no_data_for_a_frame_pointer, set_up),
		cmocka_unit_test_setup(never_walks_down_the_stack, set_up),
		cmocka_unit_test_setup(ends_a_loop_of_frames_at_the_bound, set_up),
		cmocka_unit_test_setup(waits_before_the_frame_whose_table_is_pending, set_up),
		cmocka_unit_test_setup(says_why_it_ends, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
