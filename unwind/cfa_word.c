/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfa_word.h"

#include <dwarf.h>

enum {
	/* Where in a word */
	REGISTER_SHIFT = 32,
	FP_SHIFT = 40,
	RA_SHIFT = 48,
	RBX_SHIFT = 56,
	NO_ROOM = 64, /* of a register that is followed */

	SLOT_BYTES = 8,
	OPERAND_MASK = 0x3f, /* of the ops that have their operand in the same byte */

	/* Of code: so that no advance leads around the end of memory. Real ones are 1 or 4. */
	MAX_CODE_FACTOR = 256,
};

/* By DWARF number; 0 for what is not followed. */
static const uint8_t x86_64_shifts[OPERAND_MASK + 1] = {
	[X86_64_RBX] = RBX_SHIFT,
	[X86_64_RBP] = FP_SHIFT,
	[X86_64_RSP] = NO_ROOM,
	[X86_64_RA] = RA_SHIFT,
};
static const uint8_t arm64_shifts[OPERAND_MASK + 1] = {
	[ARM64_FP] = FP_SHIFT,
	[ARM64_LR] = RA_SHIFT,
};

/* The part of a word that tells where a register is. Returns false if there is none. */
static bool put_slot(const struct cfa_register *value, unsigned int shift, uint64_t *word)
{
	int64_t slot = value->off / -SLOT_BYTES;

	if (value->place == CFA_PLACE_SAME)
		return true;
	if (value->place != CFA_PLACE_OFFSET || slot < 1 || slot > UINT8_MAX ||
	    value->off != -slot * SLOT_BYTES)
		return false;
	*word |= (uint64_t)slot << shift;
	return true;
}

struct cfa_word_form cfa_word_form_of(const struct cfa_form *form, const struct cfa_state *initial)
{
	uint32_t fp = form->is_arm64 ? ARM64_FP : X86_64_RBP;
	uint32_t ra = form->is_arm64 ? ARM64_LR : X86_64_RA;
	uint64_t word =
		(uint64_t)initial->cfa_register << REGISTER_SHIFT | (uint64_t)initial->cfa_off;
	bool has_room = form->data_factor == -SLOT_BYTES && form->code_factor >= 1 &&
			form->code_factor <= MAX_CODE_FACTOR && form->fp_register == fp &&
			form->ra_register == ra && initial->cfa_register <= UINT8_MAX &&
			(uint64_t)initial->cfa_off <= UINT32_MAX &&
			initial->sp.place == CFA_PLACE_SAME &&
			put_slot(&initial->fp, FP_SHIFT, &word) &&
			put_slot(&initial->ra, RA_SHIFT, &word) &&
			put_slot(&initial->rbx, RBX_SHIFT, &word);

	return (struct cfa_word_form){
		.initial = word,
		.code_factor = has_room ? (uint32_t)form->code_factor : 0,
		.is_arm64 = form->is_arm64,
		.has_room = has_room,
	};
}

static struct cfa_register slot_of(uint64_t word, unsigned int shift)
{
	uint8_t slot = (uint8_t)(word >> shift);

	return slot ? (struct cfa_register){ .place = CFA_PLACE_OFFSET, .off = -slot * SLOT_BYTES }
		    : (struct cfa_register){ .place = CFA_PLACE_SAME };
}

struct cfa_state cfa_word_state(uint64_t word)
{
	return (struct cfa_state){
		.cfa_off = (uint32_t)word,
		.cfa_register = (uint8_t)(word >> REGISTER_SHIFT),
		.fp = slot_of(word, FP_SHIFT),
		.ra = slot_of(word, RA_SHIFT),
		.rbx = slot_of(word, RBX_SHIFT),
	};
}

/* What all these do to a state counts only if they return true. */
static inline bool set_cfa(uint64_t *state, uint64_t number, uint64_t off)
{
	*state = (*state & ~0ULL << FP_SHIFT) | number << REGISTER_SHIFT | off;
	return number <= UINT8_MAX && off <= UINT32_MAX;
}

static inline bool save_register(uint64_t *state, unsigned int shift, uint64_t slot)
{
	uint64_t mask = shift ? (uint64_t)UINT8_MAX << shift % NO_ROOM : 0;

	*state = (*state & ~mask) | (slot << shift % NO_ROOM & mask);
	return !shift || (shift != NO_ROOM && slot - 1 < UINT8_MAX);
}

static inline bool restore_register(uint64_t *state, unsigned int shift, uint64_t initial)
{
	uint64_t mask = shift ? (uint64_t)UINT8_MAX << shift % NO_ROOM : 0;

	*state = (*state & ~mask) | (initial & mask);
	return shift != NO_ROOM;
}

static inline bool run_stack_op(struct cfa_word_program *program, uint8_t op, uint64_t *state)
{
	if (op == DW_CFA_remember_state && program->n_remembered < CFA_MAX_REMEMBERED) {
		program->remembered[program->n_remembered++] = *state;
		return true;
	}
	if (op == DW_CFA_restore_state && program->n_remembered) {
		*state = program->remembered[--program->n_remembered];
		return true;
	}
	return op == DW_CFA_AARCH64_negate_ra_state && program->form.is_arm64;
}

/* Ops without an operand in their own byte; sets *@ret_advance if it advances. */
static inline bool run_op(struct cfa_word_program *program, uint8_t op, struct byte_cursor *code,
			  uint64_t *state, uint64_t *ret_advance)
{
	uint64_t number;

	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_def_cfa_offset:
		return set_cfa(state, *state >> REGISTER_SHIFT & UINT8_MAX, byte_cursor_uleb(code));
	case DW_CFA_def_cfa_register:
		return set_cfa(state, byte_cursor_uleb(code), (uint32_t)*state);
	case DW_CFA_def_cfa:
		number = byte_cursor_uleb(code);
		return set_cfa(state, number, byte_cursor_uleb(code));
	case DW_CFA_GNU_args_size:
		byte_cursor_uleb(code);
		return true;
	case DW_CFA_advance_loc1:
		*ret_advance = byte_cursor_u8(code);
		return true;
	case DW_CFA_advance_loc2:
		*ret_advance = byte_cursor_number(code, 2);
		return true;
	case DW_CFA_advance_loc4:
		*ret_advance = byte_cursor_u32(code);
		return true;
	default:
		return run_stack_op(program, op, state);
	}
}

/* Run to the next advance, which is not 0. Where it is left, nothing of that op is done. */
static inline enum cfa_word_step run_step(struct cfa_word_program *program,
					  struct byte_cursor *code, uint64_t *state,
					  uint64_t *ret_advance)
{
	const uint8_t *shifts = program->form.is_arm64 ? arm64_shifts : x86_64_shifts;

	while (code->next < code->end) {
		const uint8_t *at = code->next;
		uint8_t op = *code->next++, operand = op & OPERAND_MASK;
		uint64_t before = *state, advance = 0;
		bool is_run = true;

		switch (op & ~OPERAND_MASK) {
		case DW_CFA_advance_loc:
			advance = operand;
			break;
		case DW_CFA_offset:
			is_run = save_register(state, shifts[operand], byte_cursor_uleb(code));
			break;
		case DW_CFA_restore:
			is_run = restore_register(state, shifts[operand], program->form.initial);
			break;
		default:
			is_run = run_op(program, op, code, state, &advance);
		}
		if (!is_run || code->is_bad) {
			*code = byte_cursor_at(at, (size_t)(code->end - at));
			*state = before;
			return CFA_WORD_LEFT;
		}
		if (advance) {
			*ret_advance = advance * program->form.code_factor;
			return CFA_WORD_ADVANCE;
		}
	}
	return CFA_WORD_DONE;
}

enum cfa_word_step cfa_word_run(struct cfa_word_program *program, struct cfa_word_row *ret_rows,
				size_t *ret_n)
{
	struct byte_cursor code = program->code;
	uint64_t state = program->state, location = program->location;
	enum cfa_word_step step = location < program->end_vaddr ? CFA_WORD_ADVANCE : CFA_WORD_DONE;
	size_t n = 0;

	while (step == CFA_WORD_ADVANCE && n < CFA_WORD_ROWS) {
		uint64_t advance = 0;

		step = run_step(program, &code, &state, &advance);
		ret_rows[n] = (struct cfa_word_row){ .elf_vaddr = location, .state = state };
		n += step != CFA_WORD_LEFT;
		location += advance;
		if (location >= program->end_vaddr)
			step = CFA_WORD_DONE;
	}
	program->code = code;
	program->location = location;
	program->state = state;
	*ret_n = n;
	return step;
}

void cfa_word_leave(const struct cfa_word_program *program, struct cfa_program *wide)
{
	wide->code = program->code;
	wide->location = program->location;
	wide->state = program->form.has_room ? cfa_word_state(program->state) : *wide->initial;
	wide->n_remembered = program->n_remembered;
	for (uint32_t i = 0; i < program->n_remembered; i++)
		wide->remembered[i] = cfa_word_state(program->remembered[i]);
}
