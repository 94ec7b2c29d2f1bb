/* SPDX-License-Identifier: Apache-2.0 */
#include "walk_world.h"

/* The rules of a function that has stored its frame record at the bottom of @words words; of one
 * that has stored its return address only; and of a leaf. */
static struct unwind_rule with_record(int words)
{
	return (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP,
				     .cfa_off = 8 * words,
				     .fp_kind = UNWIND_FP_CFA,
				     .fp_off = (int16_t)(8 - 8 * words) };
}

static const struct unwind_rule without_fp = {
	.cfa_kind = UNWIND_CFA_SP,
	.cfa_off = 16,
	.fp_off = -16,
};
static const struct unwind_rule leaf = {
	.cfa_kind = UNWIND_CFA_SP,
	.ra_kind = UNWIND_RA_REGISTER,
	.reg = 30,
};
static const struct unwind_rule entry = { .cfa_kind = UNWIND_CFA_END };

static void a_leaf_returns_to_where_x30_says(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, leaf);
	set_rule(2, with_record(4));
	set_rule(3, entry);
	walk.registers[30] = pc_of(2) + 8;
	stack[1] = pc_of(3) + 8;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x207));
}

static void believes_x30_of_no_caller(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, leaf);
	walk.registers[30] = pc_of(1) + 8;
	assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
	assert_int_equal(walk.n_frames, 2);
}

static void finds_the_record_at_the_bottom_of_a_frame(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, with_record(6));
	set_rule(2,
		 (struct unwind_rule){ .cfa_kind = UNWIND_CFA_FP, .cfa_off = 32, .fp_off = -24 });
	set_rule(3, entry);
	stack[0] = STACK + 8 * 8; /* the caller's x29 */
	stack[1] = pc_of(2) + 4;
	stack[9] = pc_of(3) + 4;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.sp, STACK + 8 * 12);
}

static void finds_a_return_address_without_a_record(void **state)
{
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, without_fp);
	set_rule(2, entry);
	walk.fp = 0x1234;
	stack[0] = pc_of(2) + 4;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 2);
	assert_int_equal(walk.fp, 0x1234);
}

static void takes_the_signature_off_return_addresses(void **state)
{
	const uint64_t signature = 0x2a5bULL << 48;
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, leaf);
	set_rule(2, with_record(2));
	set_rule(3, entry);
	walk.registers[30] = signature | (pc_of(2) + 8);
	stack[0] = STACK + 8 * 4;
	stack[1] = signature | (JIT_PC + 4);
	stack[5] = signature | (pc_of(3) + 4);
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 4);
	assert_int_equal(walk.frames[2], JIT_PC + 3);
}

/* siginfo takes 128 bytes, ucontext before its sigcontext 176, and the address of a fault 8. */
static void goes_on_behind_a_signal_frame_where_the_signal_struck(void **state)
{
	const unsigned int x0 = (128 + 176 + 8) / 8;
	struct walk walk = begin_at(pc_of(1), 0);

	(void)state;
	set_rule(1, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SIGNAL });
	set_rule(2, leaf);
	set_rule(3, with_record(2));
	set_rule(4, entry);
	stack[x0 + 29] = 0x29;
	stack[x0 + 30] = pc_of(3) + 8;
	stack[x0 + 31] = STACK + 8 * 80;
	stack[x0 + 32] = pc_of(2); /* not a return address */
	stack[81] = pc_of(4) + 8;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 4);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200));
}

/* A JIT's frame ends nobody knows where, but x29 of its caller is known. */
static void finds_the_frame_behind_a_jit_by_its_record(void **state)
{
	struct walk walk = begin_at(JIT_PC + 8, 0);

	(void)state;
	set_rule(2, with_record(6));
	set_rule(3, without_fp);
	set_rule(4, entry);
	walk.fp = STACK + 8 * 2;
	stack[2] = STACK + 8 * 10; /* the record of the frame at pc_of(2), which ends at word 16 */
	stack[3] = pc_of(2) + 4;
	stack[10] = 0x5555;
	stack[11] = pc_of(3) + 4;
	stack[16] = pc_of(4) + 4;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 4);
	assert_int_equal(walk.fp, 0x5555);
}

static void behind_a_jit_a_frame_without_a_record_is_the_end(void **state)
{
	const struct unwind_rule rules_by_sp[] = {
		without_fp,
		leaf,
		{ .cfa_kind = UNWIND_CFA_SIGNAL },
		{ .cfa_kind = UNWIND_CFA_DEREF_SP, .cfa_off = 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules_by_sp) / sizeof(rules_by_sp[0]); i++) {
		struct walk walk = begin_at(JIT_PC + 8, 0);

		set_rule(2, rules_by_sp[i]);
		walk.fp = STACK + 8 * 2;
		stack[2] = STACK + 8 * 10;
		stack[3] = pc_of(2) + 4;
		assert_int_equal(run(&walk), STACK_TRUNCATED_REGISTER);
		assert_int_equal(walk.n_frames, 2);
	}
}

/* Whatever x29 is by then. The context is at word 8 of the stack. */
static void goes_to_the_landing_pad_for_which_libgcc_leaves(void **state)
{
	struct walk walk = begin_at(pc_of(1), 2);

	(void)state;
	set_rule(1,
		 (struct unwind_rule){
			 .cfa_kind = UNWIND_CFA_LANDING, .reg = 31, .cfa_off = 48, .fp_off = -24 });
	set_rule(2, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_FP,
					  .cfa_off = 16,
					  .fp_kind = UNWIND_FP_CFA,
					  .fp_off = -8 });
	set_rule(3, entry);
	walk.fp = STACK + 8 * 90;
	stack[5] = STACK + 8 * 30; /* where the frame pointer is … */
	stack[8] = STACK + 8 * 50;
	stack[9] = pc_of(2);
	stack[30] = STACK + 8 * 60; /* … of the landing pad's frame */
	stack[61] = pc_of(3) + 4;
	assert_int_equal(run(&walk), STACK_WHOLE);
	assert_int_equal(walk.n_frames, 3);
	assert_int_equal(walk.frames[1], UNWIND_FRAME(FILE_NUMBER, 0x200)); /* exactly */
	assert_int_equal(walk.frames[2], UNWIND_FRAME(FILE_NUMBER, 0x303));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_leaf_returns_to_where_x30_says, set_up),
		cmocka_unit_test_setup(believes_x30_of_no_caller, set_up),
		cmocka_unit_test_setup(finds_the_record_at_the_bottom_of_a_frame, set_up),
		cmocka_unit_test_setup(finds_a_return_address_without_a_record, set_up),
		cmocka_unit_test_setup(takes_the_signature_off_return_addresses, set_up),
		cmocka_unit_test_setup(goes_on_behind_a_signal_frame_where_the_signal_struck,
				       set_up),
		cmocka_unit_test_setup(finds_the_frame_behind_a_jit_by_its_record, set_up),
		cmocka_unit_test_setup(goes_to_the_landing_pad_for_which_libgcc_leaves, set_up),
		cmocka_unit_test_setup(behind_a_jit_a_frame_without_a_record_is_the_end, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
