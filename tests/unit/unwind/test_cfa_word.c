/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_word.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"

static const struct cfa_form x86_64_form = {
	.code_factor = 1,
	.data_factor = -8,
	.fp_register = X86_64_RBP,
	.ra_register = X86_64_RA,
	.pointer_encoding = DW_EH_PE_absptr,
};

static const struct cfa_form arm64_form = {
	.code_factor = 4,
	.data_factor = -8,
	.fp_register = ARM64_FP,
	.ra_register = ARM64_LR,
	.pointer_encoding = DW_EH_PE_absptr,
	.is_arm64 = true,
};

static const struct cfa_state x86_64_initial = {
	.cfa_register = X86_64_RSP,
	.cfa_off = 8,
	.ra = { .place = CFA_PLACE_OFFSET, .off = -8 },
};

static const struct cfa_state arm64_initial = { .cfa_register = ARM64_SP };

static const struct eh_pointer_base base;

static struct cfa_word_program program_of(const struct cfa_form *form, const uint8_t *code,
					  size_t size)
{
	struct cfa_word_form word_form =
		cfa_word_form_of(form, form->is_arm64 ? &arm64_initial : &x86_64_initial);

	assert_true(word_form.has_room);
	return (struct cfa_word_program){
		.form = word_form,
		.code = byte_cursor_at(code, size),
		.location = 0x1000,
		.end_vaddr = 0x2000,
		.state = word_form.initial,
	};
}

static void assert_register(const struct cfa_register *a, const struct cfa_register *b)
{
	assert_int_equal(a->place, b->place);
	assert_int_equal(a->off, b->off);
}

static void assert_state(uint64_t word, const struct cfa_state *wide)
{
	struct cfa_state state = cfa_word_state(word);

	assert_int_equal(state.cfa_register, wide->cfa_register);
	assert_int_equal(state.cfa_off, wide->cfa_off);
	assert_register(&state.fp, &wide->fp);
	assert_register(&state.ra, &wide->ra);
	assert_register(&state.sp, &wide->sp);
	assert_register(&state.rbx, &wide->rbx);
}

/* Run both ways to the end, or to where one is left. Returns how many rows they agreed on. */
static size_t run_beside(const struct cfa_form *form, const uint8_t *code, size_t size,
			 enum cfa_word_step *ret_step)
{
	struct cfa_word_program program = program_of(form, code, size);
	struct cfa_program wide = {
		.form = form,
		.base = &base,
		.initial = form->is_arm64 ? &arm64_initial : &x86_64_initial,
		.code = byte_cursor_at(code, size),
		.location = program.location,
		.state = form->is_arm64 ? arm64_initial : x86_64_initial,
	};
	struct cfa_word_row rows[CFA_WORD_ROWS];
	size_t n, n_all = 0;

	do {
		*ret_step = cfa_word_run(&program, rows, &n);
		for (size_t i = 0; i < n; i++) {
			uint64_t advance;

			assert_true(cfa_program_step(&wide, &advance) != CFA_BAD);
			assert_int_equal(rows[i].elf_vaddr, wide.location);
			assert_state(rows[i].state, &wide.state);
			wide.location += advance;
		}
		n_all += n;
	} while (*ret_step == CFA_WORD_ADVANCE);
	return n_all;
}

#define ROWS_OF(form, step, ...)                                                                   \
	({                                                                                         \
		static const uint8_t code_[] = { __VA_ARGS__ };                                    \
		enum cfa_word_step step_;                                                          \
		size_t n_ = run_beside(form, code_, sizeof(code_), &step_);                        \
		assert_int_equal(step_, step);                                                     \
		n_;                                                                                \
	})

#define ROWS_OF_X86_64(step, ...) ROWS_OF(&x86_64_form, step, __VA_ARGS__)
#define ROWS_OF_ARM64(step, ...)  ROWS_OF(&arm64_form, step, __VA_ARGS__)

static void says_what_wide_states_say(void **state)
{
	(void)state;
	assert_int_equal(ROWS_OF_X86_64(CFA_WORD_DONE, DW_CFA_advance_loc | 1,
					DW_CFA_def_cfa_offset, 16, DW_CFA_offset | X86_64_RBP, 2,
					DW_CFA_advance_loc1, 3, DW_CFA_def_cfa_register, X86_64_RBP,
					DW_CFA_offset | X86_64_RBX, 0xff, 1, DW_CFA_offset | 12, 3,
					DW_CFA_advance_loc2, 0, 1, DW_CFA_remember_state,
					DW_CFA_def_cfa, X86_64_RSP, 0x88, 0x10,
					DW_CFA_GNU_args_size, 0x80, 1, DW_CFA_restore | X86_64_RBX,
					DW_CFA_restore | 12, DW_CFA_advance_loc4, 1, 0, 0, 0,
					DW_CFA_restore_state, DW_CFA_nop, DW_CFA_nop),
			 5);
	assert_int_equal(ROWS_OF_ARM64(CFA_WORD_DONE, DW_CFA_AARCH64_negate_ra_state,
				       DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 32,
				       DW_CFA_offset | ARM64_FP, 4, DW_CFA_offset | ARM64_LR, 3,
				       DW_CFA_offset | X86_64_RBX, 1, DW_CFA_advance_loc | 2,
				       DW_CFA_restore | ARM64_LR),
			 3);
}

static void no_advance_is_no_row(void **state)
{
	(void)state;
	assert_int_equal(ROWS_OF_X86_64(CFA_WORD_DONE, DW_CFA_advance_loc, DW_CFA_advance_loc1, 0,
					DW_CFA_advance_loc | 1),
			 2);
}

static void ends_with_the_function(void **state)
{
	static const uint8_t code[] = { DW_CFA_advance_loc2, 0xff, 0x0f, DW_CFA_advance_loc | 1,
					DW_CFA_advance_loc | 1 };
	struct cfa_word_program program = program_of(&x86_64_form, code, sizeof(code));
	struct cfa_word_row rows[CFA_WORD_ROWS];
	size_t n;

	(void)state;
	assert_int_equal(cfa_word_run(&program, rows, &n), CFA_WORD_DONE);
	assert_int_equal(n, 2);
	assert_int_equal(rows[1].elf_vaddr, 0x1fff);
	program.end_vaddr = program.location = 0x1000;
	assert_int_equal(cfa_word_run(&program, rows, &n), CFA_WORD_DONE);
	assert_int_equal(n, 0);
}

static void long_programs_come_in_parts(void **state)
{
	uint8_t code[3 * CFA_WORD_ROWS];
	enum cfa_word_step step;

	(void)state;
	for (size_t i = 0; i < sizeof(code); i += 3)
		memcpy(code + i,
		       (const uint8_t[]){ DW_CFA_def_cfa_offset, (uint8_t)i,
					  DW_CFA_advance_loc | 1 },
		       3);
	assert_int_equal(run_beside(&x86_64_form, code, sizeof(code), &step), CFA_WORD_ROWS + 1);
	assert_int_equal(step, CFA_WORD_DONE);
}

static void leaves_what_it_has_no_room_for(void **state)
{
	(void)state;
#define LEFT_AT_ONCE(...)                                                                          \
	assert_int_equal(ROWS_OF_X86_64(CFA_WORD_LEFT, DW_CFA_advance_loc | 1, __VA_ARGS__), 1)
	LEFT_AT_ONCE(DW_CFA_offset | X86_64_RBP, 0);
	LEFT_AT_ONCE(DW_CFA_offset | X86_64_RBP, 0x80, 2);
	LEFT_AT_ONCE(DW_CFA_offset | X86_64_RSP, 2);
	LEFT_AT_ONCE(DW_CFA_restore | X86_64_RSP);
	LEFT_AT_ONCE(DW_CFA_undefined, X86_64_RA);
	LEFT_AT_ONCE(DW_CFA_def_cfa_register, 0x80, 2);
	LEFT_AT_ONCE(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 0x10);
	LEFT_AT_ONCE(DW_CFA_def_cfa_expression, 1, DW_OP_lit0);
	LEFT_AT_ONCE(DW_CFA_AARCH64_negate_ra_state);
	LEFT_AT_ONCE(DW_CFA_restore_state);
	LEFT_AT_ONCE(DW_CFA_def_cfa, X86_64_RSP);
	LEFT_AT_ONCE(DW_CFA_advance_loc4, 1, 2);
#undef LEFT_AT_ONCE
}

static void a_wide_program_goes_on_where_it_was_left(void **state)
{
	static const uint8_t code[] = { DW_CFA_def_cfa_offset,      16,
					DW_CFA_remember_state,      DW_CFA_advance_loc | 1,
					DW_CFA_def_cfa_offset,      24,
					DW_CFA_offset | X86_64_RBP, 0,
					DW_CFA_advance_loc | 1,     DW_CFA_restore_state };
	struct cfa_word_program program = program_of(&x86_64_form, code, sizeof(code));
	struct cfa_program wide = { .form = &x86_64_form,
				    .base = &base,
				    .initial = &x86_64_initial };
	struct cfa_word_row rows[CFA_WORD_ROWS];
	uint64_t advance;
	size_t n;

	(void)state;
	assert_int_equal(cfa_word_run(&program, rows, &n), CFA_WORD_LEFT);
	cfa_word_leave(&program, &wide);
	assert_int_equal(wide.location, 0x1001);
	assert_int_equal(cfa_program_step(&wide, &advance), CFA_ADVANCE);
	assert_int_equal(wide.state.cfa_off, 24);
	assert_int_equal(wide.state.fp.place, CFA_PLACE_OFFSET);
	assert_int_equal(wide.state.fp.off, 0);
	assert_int_equal(cfa_program_step(&wide, &advance), CFA_DONE);
	assert_int_equal(wide.state.cfa_off, 16);
	assert_int_equal(wide.state.fp.place, CFA_PLACE_SAME);
}

static void some_forms_are_left_from_the_start(void **state)
{
	struct cfa_form form = x86_64_form;
	struct cfa_state initial = x86_64_initial;

	(void)state;
	form.data_factor = -4;
	assert_false(cfa_word_form_of(&form, &initial).has_room);
	form = x86_64_form;
	form.code_factor = 0;
	assert_false(cfa_word_form_of(&form, &initial).has_room);
	form = x86_64_form;
	form.ra_register = 8;
	assert_false(cfa_word_form_of(&form, &initial).has_room);
	initial.fp.place = CFA_PLACE_UNDEFINED;
	assert_false(cfa_word_form_of(&x86_64_form, &initial).has_room);
	initial = x86_64_initial;
	initial.rbx = (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = INT64_MIN };
	assert_false(cfa_word_form_of(&x86_64_form, &initial).has_room);
	initial = x86_64_initial;
	initial.cfa_off = -8;
	assert_false(cfa_word_form_of(&x86_64_form, &initial).has_room);
}

/* A generator of numbers (Marsaglia's xorshift), so that runs are alike. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void any_program_says_the_same_both_ways(void **state)
{
	static const uint8_t likely[] = {
		DW_CFA_def_cfa,
		DW_CFA_def_cfa_offset,
		DW_CFA_def_cfa_register,
		DW_CFA_remember_state,
		DW_CFA_restore_state,
		DW_CFA_advance_loc | 1,
		DW_CFA_offset | X86_64_RBP,
		DW_CFA_restore | 3,
		DW_CFA_offset | X86_64_RBX,
		DW_CFA_offset | ARM64_LR,
		DW_CFA_advance_loc1,
		DW_CFA_restore | ARM64_FP,
	};
	uint64_t seed = 1, n_rows = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		enum cfa_word_step step;
		uint8_t code[24];

		for (size_t j = 0; j < sizeof(code); j++) {
			uint64_t number = next_random(&seed);

			code[j] = number % 8 ? likely[number / 8 % ARRAY_SIZE(likely)]
					     : (uint8_t)(number >> 32);
		}
		n_rows += run_beside(i % 2 ? &arm64_form : &x86_64_form, code, sizeof(code), &step);
	}
	assert_true(n_rows > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_wide_states_say),
		cmocka_unit_test(no_advance_is_no_row),
		cmocka_unit_test(ends_with_the_function),
		cmocka_unit_test(long_programs_come_in_parts),
		cmocka_unit_test(leaves_what_it_has_no_room_for),
		cmocka_unit_test(a_wide_program_goes_on_where_it_was_left),
		cmocka_unit_test(some_forms_are_left_from_the_start),
		cmocka_unit_test(any_program_says_the_same_both_ways),
	};

	return cmocka_run_group_tests_name("cfa_word", tests, NULL, NULL);
}
