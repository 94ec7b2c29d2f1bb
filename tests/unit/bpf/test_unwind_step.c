/* SPDX-License-Identifier: Apache-2.0 */
#include "walk_world.h"

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

/* A frame that lies by rbx, as the loader's when it binds a symbol, is a caller: rbx is where those
 * that it has called have put it, or untouched. */
static void finds_rbx_of_a_caller_where_its_callees_have_saved_it(void **state)
{
	const struct unwind_rule saves_it = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = 24, .reg = 2 };
	const struct unwind_rule leaves_it = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = 24 };

	(void)state;
	for (int is_saved = 0; is_saved <= 1; is_saved++) {
		struct walk walk = begin_at(pc_of(1), 0);

		set_rule(1, is_saved ? saves_it : leaves_it);
		set_rule(2, leaves_it);
		set_rule(3, (struct unwind_rule){
				    .cfa_kind = UNWIND_CFA_REGISTER, .reg = 3, .cfa_off = 16 });
		set_rule(4, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
		walk.registers[3] = is_saved ? 0 : STACK + 8 * 20;
		stack[1] = is_saved ? STACK + 8 * 20 : 0;
		stack[2] = pc_of(2) + 1;
		stack[5] = pc_of(3) + 1;
		stack[21] = pc_of(4) + 1;
		assert_int_equal(run(&walk), STACK_WHOLE);
		assert_int_equal(walk.n_frames, 4);
	}
}

static void believes_no_rbx_that_nobody_tells_of(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){
			    .cfa_kind = UNWIND_CFA_SP, .cfa_off = 24, .reg = UNWIND_RBX_UNKNOWN });
	set_rule(2,
		 (struct unwind_rule){ .cfa_kind = UNWIND_CFA_REGISTER, .reg = 3, .cfa_off = 16 });
	walk.registers[3] = STACK + 8 * 20;
	stack[2] = pc_of(2) + 1;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
	walk = begin_at(JIT_PC, 0); /* left by frame pointer: it may have saved it anywhere */
	walk.registers[3] = STACK + 8 * 20;
	walk.fp = STACK + 8 * 4;
	stack[5] = pc_of(2) + 1;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
	assert_int_equal(walk.n_frames, 2);
}

/* On the stack that it leads to, which may lie below this one. */
static void follows_a_jump_that_is_about_to_happen(void **state)
{
	struct walk walk = begin_at(pc_of(1), 30);

	(void)state;
	set_rule(1, (struct unwind_rule){
			    .cfa_kind = UNWIND_CFA_JUMP, .cfa_off = 8, .fp_off = 9, .reg = 1 });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_FP, .cfa_off = 16 });
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	walk.registers[8] = STACK;
	walk.registers[9] = STACK + 8 * 2;
	walk.registers[1] = pc_of(2) + 1;
	stack[3] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));
}

static void jumps_by_no_registers_that_are_not_there(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){
			    .cfa_kind = UNWIND_CFA_JUMP, .cfa_off = 8, .fp_off = -1, .reg = 1 });
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
	set_rule(1, (struct unwind_rule){
			    .cfa_kind = UNWIND_CFA_JUMP, .cfa_off = 8, .fp_off = 9, .reg = 1 });
	walk = begin_at(pc_of(1), 0);
	walk.has_registers = 0;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
}

/* A frame of libgcc's, to which word 24 belongs, has its context at word 8. It leads to the first
 * byte of the fourth function, before which another rule holds. */
static struct walk begin_before_a_landing(void)
{
	struct walk walk = begin_at(pc_of(1), 0);

	walk.fp = STACK + 8 * 24;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 16 });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_LANDING,
					  .reg = 6,
					  .cfa_off = -128,
					  .fp_off = -24 });
	set_rule(4, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_FP, .cfa_off = 16 });
	set_rule(5, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	stack[1] = pc_of(2) + 1;
	stack[5] = STACK + 8 * 30; /* where the frame pointer is … */
	stack[8] = STACK + 8 * 50;
	stack[9] = pc_of(4);
	stack[30] = STACK + 8 * 60; /* … of the landing pad's frame */
	stack[61] = pc_of(5) + 1;
	return walk;
}

static void goes_to_the_landing_pad_for_which_libgcc_leaves(void **state)
{
	struct walk walk = begin_before_a_landing();

	(void)state;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 4);
	assert_int_equal(walk.frames[2], UNWIND_FRAME(FILE_NUMBER, 0x400));
	assert_int_equal(walk.frames[3], UNWIND_FRAME(FILE_NUMBER, 0x500));
	assert_int_equal(walk.rbx_at, WALK_RBX_UNKNOWN);
}

static void believes_no_context_that_leads_nowhere(void **state)
{
	struct walk walk = begin_before_a_landing();

	(void)state;
	stack[8] = STACK + 8 * 2; /* it would land where it is */
	assert_int_equal(run(&walk), STACK_TRUNCATED_ASTRAY);
	walk = begin_before_a_landing();
	stack[5] = STACK - 8;
	assert_int_equal(run(&walk), STACK_TRUNCATED_READ);
	walk = begin_before_a_landing();
	walk.fp = STACK;
	assert_int_equal(run(&walk), STACK_TRUNCATED_READ);
	walk = begin_before_a_landing();
	walk.pc = pc_of(2);
	walk.has_sp = 0;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
}

/* Its last instructions: mov rsp, rcx; pop rcx; jmp rcx. */
static void lands_exactly_where_the_return_address_says(void **state)
{
	const struct unwind_rule leaving[] = {
		{ .cfa_kind = UNWIND_CFA_REGISTER, .lands = 1, .reg = 2, .cfa_off = 8 },
		{ .cfa_kind = UNWIND_CFA_SP, .lands = 1, .cfa_off = 8 },
		{ .cfa_kind = UNWIND_CFA_SP, .lands = 1, .ra_kind = UNWIND_RA_REGISTER, .reg = 2 },
	};

	(void)state;
	set_rule(4, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 16 });
	set_rule(5, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	stack[10] = pc_of(4);
	stack[12] = pc_of(5) + 1;
	for (unsigned int i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++) {
		const unsigned int sp_words[] = { 3, 10, 11 };
		struct walk walk = begin_at(pc_of(1), sp_words[i]);

		set_rule(1, leaving[i]);
		walk.registers[2] = i == 2 ? pc_of(4) : STACK + 8 * 10;
		assert_int_equal(run(&walk), STACK_WHOLE);
		assert_int_equal(walk.n_frames, 3);
		assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x400));
		assert_int_equal(walk.frames[2], UNWIND_FRAME(FILE_NUMBER, 0x500));
	}
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

/* A thread of Go, as its runtime keeps it: the words of the stack serve as its memory, too. */
enum {
	G_WORD = 10, /* where the thread pointer leads, at −8 */
	G0_WORD = 12,
	M_WORD = 20,
	CURG_OFF = 24, /* of m.curg */
	GOROUTINE_WORD = 26,
	GOROUTINE_SP_WORD = 50,
};

static struct walk begin_on_the_stack_of_a_go_thread(enum unwind_go_way way)
{
	struct walk walk = begin_at(pc_of(1), 4);

	walk.thread_pointer = STACK + 8 * (G_WORD + 1);
	stack[G_WORD] = STACK + 8 * G0_WORD;
	stack[G0_WORD + 6] = STACK + 8 * M_WORD;
	stack[M_WORD + 3] = STACK + 8 * GOROUTINE_WORD;
	stack[GOROUTINE_WORD + 6] = STACK + 8 * M_WORD;
	stack[GOROUTINE_WORD + 7] = STACK + 8 * GOROUTINE_SP_WORD;
	stack[GOROUTINE_WORD + 8] = pc_of(2); /* exactly: it is no return address */
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_GO_SAVED,
					  .cfa_off = -8 + (int)way,
					  .fp_off = CURG_OFF });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 16 });
	set_rule(3, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	return walk;
}

static void goes_on_in_the_goroutine_that_its_thread_has_left(void **state)
{
	struct walk walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_CALLS);

	(void)state;
	stack[GOROUTINE_SP_WORD] = pc_of(2) + 1;
	stack[GOROUTINE_SP_WORD + 2] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));

	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_RESUMES);
	stack[GOROUTINE_SP_WORD + 1] = pc_of(3) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));

	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_ENTERS);
	stack[5] = pc_of(3) + 1; /* on the stack where it stands */
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));
}

static void a_thread_that_has_put_its_goroutine_aside_is_the_schedulers(void **state)
{
	struct walk walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_RESUMES);

	(void)state;
	stack[M_WORD + 3] = 0;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 1);
	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_RESUMES);
	stack[GOROUTINE_WORD + 6] = 0; /* not of this thread, or not yet */
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 1);
}

static void takes_no_other_goroutine_for_the_one_that_calls(void **state)
{
	struct walk walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_CALLS);

	(void)state;
	stack[M_WORD + 3] = 0;
	assert_int_equal(run(&walk), STACK_TRUNCATED_ASTRAY);
	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_CALLS);
	stack[GOROUTINE_WORD + 6] = STACK;
	assert_int_equal(run(&walk), STACK_TRUNCATED_ASTRAY);
	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_CALLS);
	stack[G_WORD] = 4096;
	assert_int_equal(run(&walk), STACK_TRUNCATED_READ);
	walk = begin_on_the_stack_of_a_go_thread(UNWIND_GO_CALLS);
	walk.thread_pointer = 0;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
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
	for (uint32_t kind = 0; kind < UNWIND_FILE_KIND_COUNT; kind++)
		assert_int_equal(walk_count_by_frame_pointer(&walk, kind),
				 kind == UNWIND_FILE_NONE ? 2 : 0);
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

static void a_thread_begins_where_a_caller_without_a_rule_has_no_frame_pointer(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = 8 });
	stack[0] = pc_of(2) + 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 2);
	walk = begin_at(pc_of(2), 0); /* a leaf may have any number there */
	assert_int_equal(run(&walk), STACK_TRUNCATED_NO_RULE);
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

static void a_newborn_has_no_caller_and_needs_no_table(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	file_kind = UNWIND_FILE_PENDING;
	walk.is_newborn = 1;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 1);
}

static void calls_code_past_4_gib_of_a_file_by_its_pc(void **state)
{
	(void)state;
	for (uint64_t file_off = UINT32_MAX; file_off <= 1ULL << 32; file_off++) {
		struct walk walk = begin_at(FILE_PC, 0);

		walk.mappings[0] = (struct walk_mapping){ .start_pc = FILE_PC,
							  .end_pc = FILE_PC + CODE_BYTES,
							  .file_off = file_off,
							  .file = FILE_NUMBER };
		assert_int_equal(run(&walk), STACK_TRUNCATED_JIT);
		assert_int_equal(walk.frames[0], file_off == UINT32_MAX
							 ? UNWIND_FRAME(FILE_NUMBER, UINT32_MAX)
							 : FILE_PC);
		assert_int_equal(walk.n_pcs, file_off > UINT32_MAX);
	}
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
		cmocka_unit_test_setup(finds_rbx_of_a_caller_where_its_callees_have_saved_it,
				       set_up),
		cmocka_unit_test_setup(believes_no_rbx_that_nobody_tells_of, set_up),
		cmocka_unit_test_setup(follows_a_jump_that_is_about_to_happen, set_up),
		cmocka_unit_test_setup(jumps_by_no_registers_that_are_not_there, set_up),
		cmocka_unit_test_setup(goes_to_the_landing_pad_for_which_libgcc_leaves, set_up),
		cmocka_unit_test_setup(believes_no_context_that_leads_nowhere, set_up),
		cmocka_unit_test_setup(lands_exactly_where_the_return_address_says, set_up),
		cmocka_unit_test_setup(goes_on_behind_a_signal_frame_where_the_signal_struck,
				       set_up),
		cmocka_unit_test_setup(goes_on_in_the_goroutine_that_its_thread_has_left, set_up),
		cmocka_unit_test_setup(a_thread_that_has_put_its_goroutine_aside_is_the_schedulers,
				       set_up),
		cmocka_unit_test_setup(takes_no_other_goroutine_for_the_one_that_calls, set_up),
		cmocka_unit_test_setup(follows_frame_pointers_through_a_jit, set_up),
		cmocka_unit_test_setup(takes_no_data_for_a_frame_pointer, set_up),
		cmocka_unit_test_setup(
			a_thread_begins_where_a_caller_without_a_rule_has_no_frame_pointer, set_up),
		cmocka_unit_test_setup(never_walks_down_the_stack, set_up),
		cmocka_unit_test_setup(ends_a_loop_of_frames_at_the_bound, set_up),
		cmocka_unit_test_setup(waits_before_the_frame_whose_table_is_pending, set_up),
		cmocka_unit_test_setup(a_newborn_has_no_caller_and_needs_no_table, set_up),
		cmocka_unit_test_setup(calls_code_past_4_gib_of_a_file_by_its_pc, set_up),
		cmocka_unit_test_setup(says_why_it_ends, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
