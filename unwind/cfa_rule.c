/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_rule.h"

#include <dwarf.h>
#include <string.h>

static const struct unwind_rule unsupported = { .cfa_kind = UNWIND_CFA_UNSUPPORTED };

/* A place relative to a register, which is what nearly all expressions are: *(reg + off) + add. */
struct simple_expression {
	uint64_t reg;
	int64_t off;
	uint64_t add;
	bool is_deref;
};

static uint32_t sp_register(const struct cfa_form *form)
{
	return form->is_arm64 ? ARM64_SP : X86_64_RSP;
}

static bool read_simple_expression(const uint8_t *bytes, uint32_t n_bytes,
				   struct simple_expression *ret_simple)
{
	struct byte_cursor code = byte_cursor_at(bytes, n_bytes);
	uint8_t op = byte_cursor_u8(&code);
	struct simple_expression simple = { 0 };

	if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		simple.reg = op - DW_OP_breg0;
	else if (op == DW_OP_bregx)
		simple.reg = byte_cursor_uleb(&code);
	else
		return false;
	simple.off = byte_cursor_sleb(&code);
	while (!code.is_bad && byte_cursor_left(&code)) {
		op = byte_cursor_u8(&code);
		if (op == DW_OP_deref && !simple.is_deref)
			simple.is_deref = true;
		else if (op == DW_OP_plus_uconst && simple.is_deref)
			simple.add += byte_cursor_uleb(&code);
		else if (op == DW_OP_plus_uconst)
			simple.off = (int64_t)((uint64_t)simple.off + byte_cursor_uleb(&code));
		else
			return false;
	}
	*ret_simple = simple;
	return !code.is_bad;
}

/*
 * What linkers write for .plt, whose entries of 16 bytes push a word on their way:
 * sp + 8 + ((ip & 15) >= N) * 8.
 */
static bool read_plt_expression(const uint8_t *bytes, uint32_t n_bytes, uint8_t *ret_pushed_at)
{
	static const uint8_t head[] = {
		DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and,
	};
	static const uint8_t tail[] = { DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus };
	uint8_t literal;

	if (n_bytes != sizeof(head) + 1 + sizeof(tail) || memcmp(bytes, head, sizeof(head)) != 0 ||
	    memcmp(bytes + sizeof(head) + 1, tail, sizeof(tail)) != 0)
		return false;
	literal = bytes[sizeof(head)];
	if (literal < DW_OP_lit0 || literal > DW_OP_lit15)
		return false;
	*ret_pushed_at = literal - DW_OP_lit0;
	return true;
}

static bool set_cfa_register(struct unwind_rule *rule, const struct cfa_form *form, uint64_t reg,
			     int64_t off)
{
	if (off < INT32_MIN || off > INT32_MAX || reg > 31)
		return false;
	rule->cfa_off = (int32_t)off;
	if (reg == sp_register(form))
		rule->cfa_kind = UNWIND_CFA_SP;
	else if (reg == form->fp_register)
		rule->cfa_kind = UNWIND_CFA_FP;
	else
		rule->cfa_kind = UNWIND_CFA_REGISTER;
	if (rule->cfa_kind == UNWIND_CFA_REGISTER)
		rule->reg = (uint8_t)reg;
	return true;
}

static bool set_cfa_deref(struct unwind_rule *rule, const struct cfa_form *form,
			  const struct simple_expression *simple)
{
	if (simple->off % 8 || simple->off < INT32_MIN || simple->off > INT32_MAX ||
	    simple->add % 8 || simple->add >= 64)
		return false;
	if (simple->reg == sp_register(form))
		rule->cfa_kind = UNWIND_CFA_DEREF_SP;
	else if (simple->reg == form->fp_register)
		rule->cfa_kind = UNWIND_CFA_DEREF_FP;
	else
		return false;
	rule->cfa_off = (int32_t)simple->off + (int32_t)(simple->add / 8);
	return true;
}

/* Returns UNWIND_LOSS_COUNT, or which loss there is. */
static enum unwind_loss set_cfa(struct unwind_rule *rule, const struct cfa_state *state,
				const struct cfa_form *form)
{
	struct simple_expression simple;
	uint8_t pushed_at;
	bool is_said;

	if (state->cfa_register != CFA_BY_EXPRESSION) {
		is_said = set_cfa_register(rule, form, state->cfa_register, state->cfa_off);
		return is_said ? UNWIND_LOSS_COUNT : UNWIND_LOSS_CFA_OFFSET;
	}
	if (!form->is_arm64 &&
	    read_plt_expression(state->cfa_expression, state->cfa_expression_bytes, &pushed_at)) {
		rule->cfa_kind = UNWIND_CFA_PLT;
		rule->cfa_off = pushed_at;
		return UNWIND_LOSS_COUNT;
	}
	if (!read_simple_expression(state->cfa_expression, state->cfa_expression_bytes, &simple))
		return UNWIND_LOSS_CFA_EXPRESSION;
	is_said = simple.is_deref ? set_cfa_deref(rule, form, &simple)
				  : set_cfa_register(rule, form, simple.reg, simple.off);
	return is_said ? UNWIND_LOSS_COUNT : UNWIND_LOSS_CFA_EXPRESSION;
}

/* Where, from the CFA, is a register that is at a fixed distance of it? */
static bool find_cfa_offset(const struct unwind_rule *rule, const struct cfa_form *form,
			    const struct cfa_register *value, int64_t *ret_off)
{
	struct simple_expression simple;

	if (value->place == CFA_PLACE_OFFSET) {
		*ret_off = value->off;
		return true;
	}
	if (value->place != CFA_PLACE_EXPRESSION ||
	    !read_simple_expression(value->expression, value->expression_bytes, &simple) ||
	    simple.is_deref || rule->cfa_kind != UNWIND_CFA_SP || simple.reg != sp_register(form) ||
	    simple.off < INT32_MIN || simple.off > INT32_MAX)
		return false;
	*ret_off = simple.off - rule->cfa_off;
	return true;
}

static bool set_register_ra(struct unwind_rule *rule, uint64_t reg)
{
	if (reg > 31 || rule->cfa_kind == UNWIND_CFA_REGISTER)
		return false;
	rule->ra_kind = UNWIND_RA_REGISTER;
	rule->reg = (uint8_t)reg;
	return true;
}

/* On arm64 the slot of the return address takes that of the frame pointer, which lies below. */
static bool set_ra(struct unwind_rule *rule, const struct cfa_state *state,
		   const struct cfa_form *form)
{
	int64_t off;

	if (state->ra.place == CFA_PLACE_REGISTER)
		return set_register_ra(rule, (uint64_t)state->ra.off);
	if (form->is_arm64 && state->ra.place == CFA_PLACE_SAME)
		return set_register_ra(rule, ARM64_LR);
	if (!find_cfa_offset(rule, form, &state->ra, &off))
		return false;
	if (!form->is_arm64)
		return off == -8;
	if (off < INT16_MIN || off > INT16_MAX)
		return false;
	rule->fp_off = (int16_t)off;
	return true;
}

/*
 * Code that has loaded all registers for a jump to elsewhere, as longjmp() does: the caller is
 * where it jumps to, whatever the CFA is.
 */
static bool read_jump(const struct cfa_state *state, struct unwind_rule *ret_rule)
{
	const struct cfa_register *sp = &state->sp, *fp = &state->fp, *ra = &state->ra;

	if (sp->place != CFA_PLACE_REGISTER || fp->place != CFA_PLACE_REGISTER ||
	    ra->place != CFA_PLACE_REGISTER || (uint64_t)sp->off > 31 || (uint64_t)fp->off > 31 ||
	    (uint64_t)ra->off > 31)
		return false;
	*ret_rule = (struct unwind_rule){
		.cfa_kind = UNWIND_CFA_JUMP,
		.cfa_off = (int32_t)sp->off,
		.fp_off = (int16_t)fp->off,
		.reg = (uint8_t)ra->off,
	};
	return true;
}

static bool set_fp_offset(struct unwind_rule *rule, const struct cfa_form *form, int64_t off)
{
	if (form->is_arm64) {
		rule->fp_kind = UNWIND_FP_CFA;
		return rule->ra_kind == UNWIND_RA_CFA && off == rule->fp_off - 8;
	}
	if (off < INT16_MIN || off > INT16_MAX)
		return false;
	rule->fp_kind = UNWIND_FP_CFA;
	rule->fp_off = (int16_t)off;
	return true;
}

static bool set_fp(struct unwind_rule *rule, const struct cfa_state *state,
		   const struct cfa_form *form)
{
	struct simple_expression simple;
	int64_t off;

	if (state->fp.place == CFA_PLACE_SAME)
		return true;
	if (find_cfa_offset(rule, form, &state->fp, &off))
		return set_fp_offset(rule, form, off);
	if (state->fp.place != CFA_PLACE_EXPRESSION || form->is_arm64 ||
	    !read_simple_expression(state->fp.expression, state->fp.expression_bytes, &simple) ||
	    simple.is_deref || simple.reg != form->fp_register || simple.off < INT16_MIN ||
	    simple.off > INT16_MAX)
		return false;
	rule->fp_kind = UNWIND_FP_FP;
	rule->fp_off = (int16_t)simple.off;
	return true;
}

/* Where rbx is. No loss: what it is needed for is rare. */
static void set_rbx(struct unwind_rule *rule, const struct cfa_state *state,
		    const struct cfa_form *form)
{
	int64_t off;

	if (form->is_arm64 || rule->cfa_kind == UNWIND_CFA_REGISTER ||
	    rule->ra_kind == UNWIND_RA_REGISTER)
		return;
	rule->reg = UNWIND_RBX_UNKNOWN;
	if (state->rbx.place == CFA_PLACE_SAME)
		rule->reg = UNWIND_RBX_SAME;
	else if (find_cfa_offset(rule, form, &state->rbx, &off) && off % 8 == 0 && off < 0 &&
		 off > -8 * UNWIND_RBX_UNKNOWN)
		rule->reg = (uint8_t)(-off / 8);
}

struct unwind_rule cfa_rule_of(const struct cfa_state *state, const struct cfa_form *form,
			       uint32_t *losses)
{
	struct unwind_rule rule = { 0 };
	enum unwind_loss loss;

	if (state->ra.place == CFA_PLACE_UNDEFINED)
		return (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END };
	if (read_jump(state, &rule))
		return rule;
	loss = set_cfa(&rule, state, form);
	if (loss == UNWIND_LOSS_COUNT && !set_ra(&rule, state, form))
		loss = UNWIND_LOSS_RA;
	if (loss != UNWIND_LOSS_COUNT) {
		losses[loss]++;
		return unsupported;
	}
	set_rbx(&rule, state, form);
	if (!set_fp(&rule, state, form)) {
		rule.fp_kind = UNWIND_FP_UNDEFINED;
		losses[UNWIND_LOSS_FP] += state->fp.place != CFA_PLACE_UNDEFINED;
		if (!form->is_arm64)
			rule.fp_off = 0;
	}
	return rule;
}
