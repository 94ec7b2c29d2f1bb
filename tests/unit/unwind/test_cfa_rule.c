/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_rule.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct cfa_form x86_64 = { .fp_register = X86_64_RBP, .ra_register = X86_64_RA };
static const struct cfa_form arm64 = {
	.fp_register = ARM64_FP,
	.ra_register = ARM64_LR,
	.is_arm64 = true,
};

static const struct cfa_register at_minus_8 = { .place = CFA_PLACE_OFFSET, .off = -8 };

/* The rule of @state, of which just @loss is lost; UNWIND_LOSS_COUNT: nothing. */
static struct unwind_rule rule_of(const struct cfa_state *state, const struct cfa_form *form,
				  enum unwind_loss loss)
{
	uint32_t losses[UNWIND_LOSS_COUNT] = { 0 };
	struct unwind_rule rule = cfa_rule_of(state, form, losses);

	for (int i = 0; i < UNWIND_LOSS_COUNT; i++)
		assert_int_equal(losses[i], i == (int)loss);
	return rule;
}

static void a_cfa_is_a_register_and_an_offset(void **state)
{
	struct cfa_state from = { .cfa_register = X86_64_RSP, .cfa_off = 16, .ra = at_minus_8 };
	struct unwind_rule rule = rule_of(&from, &x86_64, UNWIND_LOSS_COUNT);

	(void)state;
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_SP);
	assert_int_equal(rule.cfa_off, 16);
	assert_int_equal(rule.fp_kind, UNWIND_FP_SAME);
	assert_int_equal(rule.ra_kind, UNWIND_RA_CFA);
	from.cfa_register = X86_64_RBP;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).cfa_kind, UNWIND_CFA_FP);
	from.cfa_register = 10;
	rule = rule_of(&from, &x86_64, UNWIND_LOSS_COUNT);
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_REGISTER);
	assert_int_equal(rule.reg, 10);
}

static void tells_where_rbx_is_if_there_is_room(void **state)
{
	struct cfa_state from = { .cfa_register = X86_64_RSP, .cfa_off = 64, .ra = at_minus_8 };

	(void)state;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).reg, UNWIND_RBX_SAME);
	from.rbx = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -56 };
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).reg, 7);
	for (int off = -248; off <= 8; off += 256) { /* too far, and above the frame */
		from.rbx.off = off;
		assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).reg,
				 UNWIND_RBX_UNKNOWN);
	}
	from.rbx.place = CFA_PLACE_UNDEFINED;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).reg, UNWIND_RBX_UNKNOWN);
	from.cfa_register = 10;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).reg, 10);
}

static void what_is_out_of_range_is_lost(void **state)
{
	struct cfa_state from = { .cfa_register = 32, .cfa_off = 16, .ra = at_minus_8 };

	(void)state;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_CFA_OFFSET).cfa_kind,
			 UNWIND_CFA_UNSUPPORTED);
	from.cfa_register = X86_64_RSP;
	from.cfa_off = 1LL << 31;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_CFA_OFFSET).cfa_kind,
			 UNWIND_CFA_UNSUPPORTED);
	from.cfa_off = INT32_MAX;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_COUNT).cfa_off, INT32_MAX);
}

static struct unwind_rule rule_of_expression(const uint8_t *bytes, uint32_t n,
					     enum unwind_loss loss)
{
	struct cfa_state from = {
		.cfa_register = CFA_BY_EXPRESSION,
		.cfa_expression = bytes,
		.cfa_expression_bytes = n,
		.ra = at_minus_8,
	};

	return rule_of(&from, &x86_64, loss);
}

#define RULE_OF_EXPRESSION(loss, ...)                                                              \
	rule_of_expression((const uint8_t[]){ __VA_ARGS__ },                                       \
			   sizeof((const uint8_t[]){ __VA_ARGS__ }), loss)

static void knows_the_expression_of_linkers(void **state)
{
	struct unwind_rule rule = RULE_OF_EXPRESSION(
		UNWIND_LOSS_COUNT, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and,
		DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus);

	(void)state;
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_PLT);
	assert_int_equal(rule.cfa_off, 11);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
			   DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit4, DW_OP_shl, DW_OP_plus);
}

static void knows_expressions_that_are_places(void **state)
{
	struct unwind_rule rule =
		RULE_OF_EXPRESSION(UNWIND_LOSS_COUNT, DW_OP_breg6, 0x70, DW_OP_deref);

	(void)state;
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_DEREF_FP);
	assert_int_equal(rule.cfa_off, -16);
	rule = RULE_OF_EXPRESSION(UNWIND_LOSS_COUNT, DW_OP_breg7, 24, DW_OP_deref,
				  DW_OP_plus_uconst, 16);
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_DEREF_SP);
	assert_int_equal(rule.cfa_off, 24 | 2);
	rule = RULE_OF_EXPRESSION(UNWIND_LOSS_COUNT, DW_OP_breg7, 8, DW_OP_plus_uconst, 8);
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_SP);
	assert_int_equal(rule.cfa_off, 16);
	rule = RULE_OF_EXPRESSION(UNWIND_LOSS_COUNT, DW_OP_bregx, 10, 8);
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_REGISTER);
	assert_int_equal(rule.reg, 10);
}

static void other_expressions_are_lost(void **state)
{
	(void)state;
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg10, 0, DW_OP_deref);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg7, 4, DW_OP_deref);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg7, 8, DW_OP_deref,
			   DW_OP_plus_uconst, 64);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg7, 8, DW_OP_deref, DW_OP_deref);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_lit0);
	RULE_OF_EXPRESSION(UNWIND_LOSS_CFA_EXPRESSION, DW_OP_breg7);
	rule_of_expression((const uint8_t *)"", 0, UNWIND_LOSS_CFA_EXPRESSION);
}

static struct unwind_rule rule_with_fp(struct cfa_register fp, enum unwind_loss loss)
{
	struct cfa_state from = {
		.cfa_register = X86_64_RSP, .cfa_off = 48, .ra = at_minus_8, .fp = fp
	};

	return rule_of(&from, &x86_64, loss);
}

static void knows_where_the_frame_pointer_is(void **state)
{
	static const uint8_t at_fp[] = { DW_OP_breg6, 0x78 };
	static const uint8_t at_sp[] = { DW_OP_breg7, 16 };
	struct cfa_register fp = { .place = CFA_PLACE_OFFSET, .off = -16 };
	struct unwind_rule rule = rule_with_fp(fp, UNWIND_LOSS_COUNT);

	(void)state;
	assert_int_equal(rule.fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule.fp_off, -16);
	fp = (struct cfa_register){ .place = CFA_PLACE_EXPRESSION,
				    .expression = at_fp,
				    .expression_bytes = sizeof(at_fp) };
	rule = rule_with_fp(fp, UNWIND_LOSS_COUNT);
	assert_int_equal(rule.fp_kind, UNWIND_FP_FP);
	assert_int_equal(rule.fp_off, -8);
	fp.expression = at_sp;
	rule = rule_with_fp(fp, UNWIND_LOSS_COUNT);
	assert_int_equal(rule.fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule.fp_off, -32);
}

static void a_frame_pointer_elsewhere_is_undefined(void **state)
{
	struct cfa_register fp = { .place = CFA_PLACE_UNDEFINED };

	(void)state;
	assert_int_equal(rule_with_fp(fp, UNWIND_LOSS_COUNT).fp_kind, UNWIND_FP_UNDEFINED);
	fp = (struct cfa_register){ .place = CFA_PLACE_REGISTER, .off = 3 };
	assert_int_equal(rule_with_fp(fp, UNWIND_LOSS_FP).fp_kind, UNWIND_FP_UNDEFINED);
	fp = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -40000 };
	assert_int_equal(rule_with_fp(fp, UNWIND_LOSS_FP).fp_kind, UNWIND_FP_UNDEFINED);
	fp = (struct cfa_register){ .place = CFA_PLACE_OTHER };
	assert_int_equal(rule_with_fp(fp, UNWIND_LOSS_FP).fp_kind, UNWIND_FP_UNDEFINED);
}

static struct unwind_rule rule_with_ra(struct cfa_register ra, enum unwind_loss loss)
{
	struct cfa_state from = { .cfa_register = X86_64_RSP, .cfa_off = 8, .ra = ra };

	return rule_of(&from, &x86_64, loss);
}

static void knows_where_the_return_address_is(void **state)
{
	struct cfa_register ra = { .place = CFA_PLACE_REGISTER, .off = 5 };
	struct unwind_rule rule = rule_with_ra(ra, UNWIND_LOSS_COUNT);

	(void)state;
	assert_int_equal(rule.ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule.reg, 5);
	ra.place = CFA_PLACE_UNDEFINED;
	assert_int_equal(rule_with_ra(ra, UNWIND_LOSS_COUNT).cfa_kind, UNWIND_CFA_END);
	ra = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -16 };
	assert_int_equal(rule_with_ra(ra, UNWIND_LOSS_RA).cfa_kind, UNWIND_CFA_UNSUPPORTED);
	ra.place = CFA_PLACE_SAME;
	assert_int_equal(rule_with_ra(ra, UNWIND_LOSS_RA).cfa_kind, UNWIND_CFA_UNSUPPORTED);
}

static void there_is_room_for_one_register(void **state)
{
	struct cfa_state from = { .cfa_register = 5,
				  .ra = { .place = CFA_PLACE_REGISTER, .off = 1 } };

	(void)state;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_RA).cfa_kind, UNWIND_CFA_UNSUPPORTED);
}

/* As glibc's longjmp() has it, when all is loaded. */
static void a_jump_is_told_by_three_registers(void **state)
{
	struct cfa_state from = { .cfa_register = 5,
				  .sp = { .place = CFA_PLACE_REGISTER, .off = 8 },
				  .fp = { .place = CFA_PLACE_REGISTER, .off = 9 },
				  .ra = { .place = CFA_PLACE_REGISTER, .off = 1 } };
	struct unwind_rule rule = rule_of(&from, &x86_64, UNWIND_LOSS_COUNT);

	(void)state;
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_JUMP);
	assert_int_equal(rule.cfa_off, 8);
	assert_int_equal(rule.fp_off, 9);
	assert_int_equal(rule.reg, 1);
	from.sp.off = 32;
	assert_int_equal(rule_of(&from, &x86_64, UNWIND_LOSS_RA).cfa_kind, UNWIND_CFA_UNSUPPORTED);
}

static void on_arm64_the_slot_is_that_of_the_return_address(void **state)
{
	struct cfa_state from = { .cfa_register = ARM64_SP, .cfa_off = 32 };
	struct unwind_rule rule = rule_of(&from, &arm64, UNWIND_LOSS_COUNT);

	(void)state;
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_SP);
	assert_int_equal(rule.ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule.reg, ARM64_LR);

	from.ra = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -24 };
	rule = rule_of(&from, &arm64, UNWIND_LOSS_COUNT);
	assert_int_equal(rule.ra_kind, UNWIND_RA_CFA);
	assert_int_equal(rule.fp_kind, UNWIND_FP_SAME);
	assert_int_equal(rule.fp_off, -24);

	from.fp = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -32 };
	rule = rule_of(&from, &arm64, UNWIND_LOSS_COUNT);
	assert_int_equal(rule.fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule.fp_off, -24);

	from.fp.off = -16;
	rule = rule_of(&from, &arm64, UNWIND_LOSS_FP);
	assert_int_equal(rule.fp_kind, UNWIND_FP_UNDEFINED);
	assert_int_equal(rule.fp_off, -24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cfa_is_a_register_and_an_offset),
		cmocka_unit_test(tells_where_rbx_is_if_there_is_room),
		cmocka_unit_test(what_is_out_of_range_is_lost),
		cmocka_unit_test(knows_the_expression_of_linkers),
		cmocka_unit_test(knows_expressions_that_are_places),
		cmocka_unit_test(other_expressions_are_lost),
		cmocka_unit_test(knows_where_the_frame_pointer_is),
		cmocka_unit_test(a_frame_pointer_elsewhere_is_undefined),
		cmocka_unit_test(knows_where_the_return_address_is),
		cmocka_unit_test(there_is_room_for_one_register),
		cmocka_unit_test(a_jump_is_told_by_three_registers),
		cmocka_unit_test(on_arm64_the_slot_is_that_of_the_return_address),
	};

	return cmocka_run_group_tests_name("cfa_rule", tests, NULL, NULL);
}
