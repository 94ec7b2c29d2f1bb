/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_program.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "unwind/cfa_rule.h"

static const struct cfa_form form = {
	.code_factor = 4,
	.data_factor = -8,
	.fp_register = X86_64_RBP,
	.ra_register = X86_64_RA,
	.pointer_encoding = DW_EH_PE_absptr,
};

static const struct cfa_state initial = {
	.cfa_register = X86_64_RSP,
	.cfa_off = 8,
	.fp = { .place = CFA_PLACE_UNDEFINED },
	.ra = { .place = CFA_PLACE_OFFSET, .off = -8 },
};

static const struct eh_pointer_base base;

static struct cfa_program program_of(const uint8_t *code, size_t size)
{
	return (struct cfa_program){
		.form = &form,
		.base = &base,
		.initial = &initial,
		.code = byte_cursor_at(code, size),
		.location = 0x1000,
		.state = initial,
	};
}

/* Run to the end of a program without advances. */
#define STATE_AFTER(...)                                                                           \
	({                                                                                         \
		static const uint8_t code_[] = { __VA_ARGS__ };                                    \
		struct cfa_program program_ = program_of(code_, sizeof(code_));                    \
		uint64_t advance_;                                                                 \
		assert_int_equal(cfa_program_step(&program_, &advance_), CFA_DONE);                \
		program_.state;                                                                    \
	})

#define STEP_OF(...)                                                                               \
	({                                                                                         \
		static const uint8_t code_[] = { __VA_ARGS__ };                                    \
		struct cfa_program program_ = program_of(code_, sizeof(code_));                    \
		uint64_t advance_;                                                                 \
		cfa_program_step(&program_, &advance_);                                            \
	})

#define ADVANCE_OF(...)                                                                            \
	({                                                                                         \
		static const uint8_t code_[] = { __VA_ARGS__ };                                    \
		struct cfa_program program_ = program_of(code_, sizeof(code_));                    \
		uint64_t advance_;                                                                 \
		assert_int_equal(cfa_program_step(&program_, &advance_), CFA_ADVANCE);             \
		advance_;                                                                          \
	})

static void defines_the_cfa(void **state)
{
	struct cfa_state after = STATE_AFTER(DW_CFA_def_cfa, 10, 16);

	(void)state;
	assert_int_equal(after.cfa_register, 10);
	assert_int_equal(after.cfa_off, 16);
	after = STATE_AFTER(DW_CFA_def_cfa_sf, 6, 0x7e);
	assert_int_equal(after.cfa_register, 6);
	assert_int_equal(after.cfa_off, 16);
	after = STATE_AFTER(DW_CFA_def_cfa_register, 6);
	assert_int_equal(after.cfa_register, 6);
	assert_int_equal(after.cfa_off, 8);
	after = STATE_AFTER(DW_CFA_def_cfa_offset, 0x80, 0x01);
	assert_int_equal(after.cfa_register, 7);
	assert_int_equal(after.cfa_off, 128);
	after = STATE_AFTER(DW_CFA_def_cfa_offset_sf, 0x7f);
	assert_int_equal(after.cfa_off, 8);
}

static void keeps_the_expression_of_the_cfa(void **state)
{
	struct cfa_state after = STATE_AFTER(DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8);

	(void)state;
	assert_int_equal(after.cfa_register, CFA_BY_EXPRESSION);
	assert_int_equal(after.cfa_expression_bytes, 2);
	assert_int_equal(after.cfa_expression[0], DW_OP_breg7);
	after = STATE_AFTER(DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8, DW_CFA_def_cfa, 7, 24);
	assert_int_equal(after.cfa_register, 7);
	assert_int_equal(after.cfa_off, 24);
}

/* What libgcrypt does, and all unwinders take for granted. */
static void an_expression_leaves_the_offset_as_it_was(void **state)
{
	struct cfa_state after = STATE_AFTER(DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8,
					     DW_CFA_def_cfa_register, 7);

	(void)state;
	assert_int_equal(after.cfa_register, 7);
	assert_int_equal(after.cfa_off, 8);
	after = STATE_AFTER(DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8, DW_CFA_def_cfa_offset,
			    16);
	assert_int_equal(after.cfa_register, CFA_BY_EXPRESSION);
}

static void knows_every_place_of_a_register(void **state)
{
	struct cfa_state after = STATE_AFTER(DW_CFA_offset | 6, 2);

	(void)state;
	assert_int_equal(after.fp.place, CFA_PLACE_OFFSET);
	assert_int_equal(after.fp.off, -16);
	assert_int_equal(STATE_AFTER(DW_CFA_offset_extended, 6, 3).fp.off, -24);
	assert_int_equal(STATE_AFTER(DW_CFA_offset_extended_sf, 6, 0x7e).fp.off, 16);
	assert_int_equal(STATE_AFTER(DW_CFA_GNU_negative_offset_extended, 6, 2).fp.off, 16);
	assert_int_equal(STATE_AFTER(DW_CFA_same_value, 6).fp.place, CFA_PLACE_SAME);
	assert_int_equal(STATE_AFTER(DW_CFA_undefined, 16).ra.place, CFA_PLACE_UNDEFINED);
	after = STATE_AFTER(DW_CFA_register, 16, 5);
	assert_int_equal(after.ra.place, CFA_PLACE_REGISTER);
	assert_int_equal(after.ra.off, 5);
	after = STATE_AFTER(DW_CFA_register, 7, 8);
	assert_int_equal(after.sp.place, CFA_PLACE_REGISTER);
	assert_int_equal(after.sp.off, 8);
	assert_int_equal(STATE_AFTER(DW_CFA_offset | 3, 7).rbx.off, -56);
	after = STATE_AFTER(DW_CFA_expression, 6, 2, DW_OP_breg6, 0);
	assert_int_equal(after.fp.place, CFA_PLACE_EXPRESSION);
	assert_int_equal(after.fp.expression_bytes, 2);
	assert_int_equal(STATE_AFTER(DW_CFA_val_expression, 6, 2, 0x76, 0).fp.place,
			 CFA_PLACE_OTHER);
	assert_int_equal(STATE_AFTER(DW_CFA_val_offset, 6, 2).fp.place, CFA_PLACE_OTHER);
	assert_int_equal(STATE_AFTER(DW_CFA_val_offset_sf, 6, 0x7e).fp.place, CFA_PLACE_OTHER);
}

static void drops_what_other_registers_do(void **state)
{
	struct cfa_state after =
		STATE_AFTER(DW_CFA_offset | 14, 2, DW_CFA_register, 12, 13, DW_CFA_undefined, 15,
			    DW_CFA_GNU_args_size, 16, DW_CFA_nop);

	(void)state;
	assert_memory_equal(&after, &initial, sizeof(after));
}

static void restores_what_the_cie_says(void **state)
{
	(void)state;
	assert_int_equal(STATE_AFTER(DW_CFA_offset | 6, 2, DW_CFA_restore | 6).fp.place,
			 CFA_PLACE_UNDEFINED);
	assert_int_equal(STATE_AFTER(DW_CFA_undefined, 16, DW_CFA_restore_extended, 16).ra.off, -8);
	assert_int_equal(STATE_AFTER(DW_CFA_register, 7, 8, DW_CFA_restore | 7).sp.place,
			 CFA_PLACE_SAME);
}

static void remembers_states(void **state)
{
	struct cfa_state after =
		STATE_AFTER(DW_CFA_remember_state, DW_CFA_def_cfa, 6, 16, DW_CFA_remember_state,
			    DW_CFA_offset | 6, 2, DW_CFA_restore_state, DW_CFA_restore_state);

	(void)state;
	assert_memory_equal(&after, &initial, sizeof(after));
	assert_int_equal(STEP_OF(DW_CFA_restore_state), CFA_BAD);
}

static void forgets_to_remember_too_much(void **state)
{
	uint8_t code[CFA_MAX_REMEMBERED + 1];
	struct cfa_program program;
	uint64_t advance;

	(void)state;
	memset(code, DW_CFA_remember_state, sizeof(code));
	program = program_of(code, CFA_MAX_REMEMBERED);
	assert_int_equal(cfa_program_step(&program, &advance), CFA_DONE);
	program = program_of(code, CFA_MAX_REMEMBERED + 1);
	assert_int_equal(cfa_program_step(&program, &advance), CFA_BAD);
}

static void advances(void **state)
{
	(void)state;
	assert_int_equal(ADVANCE_OF(DW_CFA_advance_loc | 3), 12);
	assert_int_equal(ADVANCE_OF(DW_CFA_advance_loc1, 0xff), 1020);
	assert_int_equal(ADVANCE_OF(DW_CFA_advance_loc2, 0, 1), 1024);
	assert_int_equal(ADVANCE_OF(DW_CFA_advance_loc4, 0, 0, 1, 0), 0x40000);
	assert_int_equal(ADVANCE_OF(DW_CFA_MIPS_advance_loc8, 1, 0, 0, 0, 1, 0, 0, 0), 0x400000004);
	assert_int_equal(ADVANCE_OF(DW_CFA_set_loc, 0x10, 0x10, 0, 0, 0, 0, 0, 0), 0x10);
	assert_int_equal(ADVANCE_OF(DW_CFA_advance_loc, DW_CFA_nop, DW_CFA_advance_loc | 1), 4);
}

static void goes_on_behind_an_advance(void **state)
{
	static const uint8_t code[] = { DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16 };
	struct cfa_program program = program_of(code, sizeof(code));
	uint64_t advance;

	(void)state;
	assert_int_equal(cfa_program_step(&program, &advance), CFA_ADVANCE);
	assert_int_equal(program.state.cfa_off, 8);
	assert_int_equal(cfa_program_step(&program, &advance), CFA_DONE);
	assert_int_equal(program.state.cfa_off, 16);
	assert_int_equal(advance, 0);
}

static void refuses_what_makes_no_sense(void **state)
{
	(void)state;
	assert_int_equal(STEP_OF(0x3e), CFA_BAD);
	assert_int_equal(STEP_OF(DW_CFA_def_cfa, 7), CFA_BAD);
	assert_int_equal(STEP_OF(DW_CFA_advance_loc4, 1, 0, 0), CFA_BAD);
	assert_int_equal(STEP_OF(DW_CFA_def_cfa_expression, 5, 0x77), CFA_BAD);
	assert_int_equal(STEP_OF(DW_CFA_set_loc, 0xff, 0x0f, 0, 0, 0, 0, 0, 0), CFA_BAD);
}

static void signed_return_addresses_are_for_arm64(void **state)
{
	static const uint8_t code[] = { DW_CFA_AARCH64_negate_ra_state };
	struct cfa_form arm64 = form;
	struct cfa_program program = program_of(code, sizeof(code));
	uint64_t advance;

	(void)state;
	assert_int_equal(cfa_program_step(&program, &advance), CFA_BAD);
	arm64.is_arm64 = true;
	program = program_of(code, sizeof(code));
	program.form = &arm64;
	assert_int_equal(cfa_program_step(&program, &advance), CFA_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defines_the_cfa),
		cmocka_unit_test(keeps_the_expression_of_the_cfa),
		cmocka_unit_test(an_expression_leaves_the_offset_as_it_was),
		cmocka_unit_test(knows_every_place_of_a_register),
		cmocka_unit_test(drops_what_other_registers_do),
		cmocka_unit_test(restores_what_the_cie_says),
		cmocka_unit_test(remembers_states),
		cmocka_unit_test(forgets_to_remember_too_much),
		cmocka_unit_test(advances),
		cmocka_unit_test(goes_on_behind_an_advance),
		cmocka_unit_test(refuses_what_makes_no_sense),
		cmocka_unit_test(signed_return_addresses_are_for_arm64),
	};

	return cmocka_run_group_tests_name("cfa_program", tests, NULL, NULL);
}
