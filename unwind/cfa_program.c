/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_program.h"

#include <dwarf.h>
#include <stddef.h>

enum {
	/* What newer assemblers for arm64 write, unknown to dwarf.h */
	CFA_NEGATE_RA_STATE_WITH_PC = 0x2c,

	OPERAND_MASK = 0x3f, /* of the ops that have their operand in the same byte */
};

/* Where @state has a register, or NULL for one that is not followed. */
static struct cfa_register *find_register(struct cfa_state *state, const struct cfa_form *form,
					  uint64_t number)
{
	if (number == form->ra_register)
		return &state->ra;
	if (number == form->fp_register)
		return &state->fp;
	if (form->is_arm64)
		return NULL;
	if (number == X86_64_RBX)
		return &state->rbx;
	return number == X86_64_RSP ? &state->sp : NULL;
}

static void set_register(struct cfa_program *program, uint64_t number, struct cfa_register value)
{
	struct cfa_register *place = find_register(&program->state, program->form, number);

	if (place)
		*place = value;
}

static void set_offset(struct cfa_program *program, uint64_t number, int64_t off)
{
	set_register(program, number,
		     (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = off });
}

static void set_place(struct cfa_program *program, uint64_t number, enum cfa_place place)
{
	set_register(program, number, (struct cfa_register){ .place = place });
}

static void restore(struct cfa_program *program, uint64_t number)
{
	struct cfa_register *place = find_register(&program->state, program->form, number);
	struct cfa_state initial = { 0 };

	if (!place)
		return;
	if (program->initial)
		initial = *program->initial;
	*place = *find_register(&initial, program->form, number);
}

static int64_t factored(const struct cfa_program *program, int64_t off)
{
	return (int64_t)((uint64_t)off * (uint64_t)program->form->data_factor);
}

static const uint8_t *take_expression(struct byte_cursor *code, uint32_t *ret_bytes)
{
	uint64_t n = byte_cursor_uleb(code);

	*ret_bytes = (uint32_t)n; /* a section has not more */
	return byte_cursor_take(code, n);
}

static void set_cfa_register(struct cfa_program *program, uint64_t number)
{
	program->state.cfa_register =
		number < CFA_BY_EXPRESSION ? (uint32_t)number : CFA_BY_EXPRESSION - 1;
}

/* Returns false if @op is not about the CFA. */
static bool run_cfa_op(struct cfa_program *program, uint8_t op)
{
	struct cfa_state *state = &program->state;
	struct byte_cursor *code = &program->code;

	switch (op) {
	case DW_CFA_def_cfa:
		set_cfa_register(program, byte_cursor_uleb(code));
		state->cfa_off = (int64_t)byte_cursor_uleb(code);
		return true;
	case DW_CFA_def_cfa_sf:
		set_cfa_register(program, byte_cursor_uleb(code));
		state->cfa_off = factored(program, byte_cursor_sleb(code));
		return true;
	case DW_CFA_def_cfa_register:
		set_cfa_register(program, byte_cursor_uleb(code));
		return true;
	case DW_CFA_def_cfa_offset_sf:
		state->cfa_off = factored(program, byte_cursor_sleb(code));
		return true;
	case DW_CFA_def_cfa_expression:
		state->cfa_register = CFA_BY_EXPRESSION;
		state->cfa_expression = take_expression(code, &state->cfa_expression_bytes);
		return true;
	default:
		return false;
	}
}

/* Returns false if @op is not one that saves the register which is its first operand: asked last,
 * as it reads that in any case. */
static bool run_register_op(struct cfa_program *program, uint8_t op)
{
	struct byte_cursor *code = &program->code;
	uint64_t number = byte_cursor_uleb(code);
	struct cfa_register value = { 0 };

	switch (op) {
	case DW_CFA_offset_extended:
		set_offset(program, number, factored(program, (int64_t)byte_cursor_uleb(code)));
		return true;
	case DW_CFA_offset_extended_sf:
		set_offset(program, number, factored(program, byte_cursor_sleb(code)));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		set_offset(program, number,
			   factored(program, (int64_t)(0 - byte_cursor_uleb(code))));
		return true;
	case DW_CFA_restore_extended:
		restore(program, number);
		return true;
	case DW_CFA_undefined:
		set_place(program, number, CFA_PLACE_UNDEFINED);
		return true;
	case DW_CFA_same_value:
		set_place(program, number, CFA_PLACE_SAME);
		return true;
	case DW_CFA_register:
		set_register(program, number,
			     (struct cfa_register){ .place = CFA_PLACE_REGISTER,
						    .off = (int64_t)byte_cursor_uleb(code) });
		return true;
	case DW_CFA_expression:
		value.place = CFA_PLACE_EXPRESSION;
		value.expression = take_expression(code, &value.expression_bytes);
		set_register(program, number, value);
		return true;
	case DW_CFA_val_expression:
		take_expression(code, &value.expression_bytes);
		set_place(program, number, CFA_PLACE_OTHER);
		return true;
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf: /* as long, whatever its sign */
		byte_cursor_uleb(code);
		set_place(program, number, CFA_PLACE_OTHER);
		return true;
	default:
		return false;
	}
}

/* Returns false if @op is none of these, or cannot be here. */
static bool run_other_op(struct cfa_program *program, uint8_t op)
{
	switch (op) {
	case DW_CFA_remember_state:
		if (program->n_remembered == CFA_MAX_REMEMBERED)
			return false;
		program->remembered[program->n_remembered++] = program->state;
		return true;
	case DW_CFA_restore_state:
		if (program->n_remembered == 0)
			return false;
		program->state = program->remembered[--program->n_remembered];
		return true;
	case DW_CFA_GNU_args_size:
		byte_cursor_uleb(&program->code);
		return true;
	case DW_CFA_AARCH64_negate_ra_state:
	case CFA_NEGATE_RA_STATE_WITH_PC:
		/* Whether a return address is signed does not matter to who strips them all. */
		return program->form->is_arm64;
	default:
		return false;
	}
}

/* Returns false if @op does not advance the location; sets *@ret_advance if it does. */
static bool run_advance_op(struct cfa_program *program, uint8_t op, uint64_t *ret_advance)
{
	struct byte_cursor *code = &program->code;
	uint64_t location;

	switch (op) {
	case DW_CFA_advance_loc1:
		*ret_advance = byte_cursor_u8(code) * program->form->code_factor;
		return true;
	case DW_CFA_advance_loc2:
		*ret_advance = byte_cursor_number(code, 2) * program->form->code_factor;
		return true;
	case DW_CFA_advance_loc4:
		*ret_advance = byte_cursor_u32(code) * program->form->code_factor;
		return true;
	case DW_CFA_MIPS_advance_loc8:
		*ret_advance = byte_cursor_u64(code) * program->form->code_factor;
		return true;
	case DW_CFA_set_loc:
		location = eh_pointer_read(code, program->form->pointer_encoding, program->base);
		if (location < program->location)
			byte_cursor_fail(code);
		*ret_advance = location - program->location;
		return true;
	default:
		return false;
	}
}

/* Ops that are rare. Apart from the others, whose registers they would take. */
static __attribute__((noinline)) enum cfa_step run_rare_op(struct cfa_program *program, uint8_t op,
							   uint64_t *ret_advance)
{
	if (run_advance_op(program, op, ret_advance))
		return CFA_ADVANCE;
	return run_cfa_op(program, op) || run_other_op(program, op) || run_register_op(program, op)
		       ? CFA_DONE
		       : CFA_BAD;
}

enum cfa_step cfa_program_step(struct cfa_program *program, uint64_t *ret_advance)
{
	struct byte_cursor *code = &program->code;
	enum cfa_step step;

	while (code->next < code->end) {
		uint8_t op = *code->next++, operand = op & OPERAND_MASK;

		switch (op & ~OPERAND_MASK) {
		case DW_CFA_advance_loc:
			*ret_advance = operand * program->form->code_factor;
			if (*ret_advance)
				return CFA_ADVANCE;
			continue;
		case DW_CFA_offset:
			set_offset(program, operand,
				   factored(program, (int64_t)byte_cursor_uleb(code)));
			continue;
		case DW_CFA_restore:
			restore(program, operand);
			continue;
		default:
			break;
		}
		if (op == DW_CFA_nop) /* each function is padded by them */
			continue;
		if (op == DW_CFA_def_cfa_offset) {
			program->state.cfa_off = (int64_t)byte_cursor_uleb(code);
			continue;
		}
		step = run_rare_op(program, op, ret_advance);
		if (step == CFA_BAD)
			byte_cursor_fail(code);
		else if (step == CFA_ADVANCE && *ret_advance && !code->is_bad)
			return CFA_ADVANCE;
	}
	*ret_advance = 0;
	return code->is_bad ? CFA_BAD : CFA_DONE;
}
