/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CFA program: the instructions of .eh_frame and .debug_frame (DWARF 5, 6.4.2) that say, from each
 * address of a function on, where its caller's registers are.
 *
 *     do {
 *             step = cfa_program_step(&program, &advance);
 *             ... program.state holds from location on ...
 *             location += advance;
 *     } while (step == CFA_ADVANCE);
 *
 * Only these things are followed: the canonical frame address (CFA), the frame pointer, the return
 * address and, of x86-64, rbx and rsp. Whatever other registers do is read and dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/eh_pointer.h"

/* DWARF numbers of registers. */
enum {
	X86_64_RBX = 3,
	X86_64_RBP = 6,
	X86_64_RSP = 7,
	X86_64_RA = 16,
	ARM64_FP = 29,
	ARM64_LR = 30,
	ARM64_SP = 31,
};

/* Where the caller's value of a register is. */
enum cfa_place {
	CFA_PLACE_SAME,       /* in the register itself, or nothing was said */
	CFA_PLACE_UNDEFINED,  /* nowhere */
	CFA_PLACE_OFFSET,     /* *(CFA + off) */
	CFA_PLACE_REGISTER,   /* in register number off */
	CFA_PLACE_EXPRESSION, /* *(value of the expression) */
	CFA_PLACE_OTHER,      /* a value, not a place: val_offset or val_expression */
};

struct cfa_register {
	union {
		int64_t off;
		const uint8_t *expression; /* borrowed from the section */
	};
	uint32_t expression_bytes;
	enum cfa_place place;
};

#define CFA_BY_EXPRESSION UINT32_MAX

/* Small, as it is copied for each function. Where the CFA is an expression, cfa_off is what a later
 * DW_CFA_def_cfa_register goes on with. */
struct cfa_state {
	int64_t cfa_off;
	const uint8_t *cfa_expression;
	uint32_t cfa_expression_bytes;
	uint32_t cfa_register; /* DWARF number, or CFA_BY_EXPRESSION */
	struct cfa_register fp;
	struct cfa_register ra;
	struct cfa_register sp; /* of x86-64; where nothing is said, it is the CFA */
	struct cfa_register rbx;
};

/* What the CIE says of the programs of its functions. */
struct cfa_form {
	uint64_t code_factor;
	int64_t data_factor;
	uint32_t fp_register; /* DWARF numbers */
	uint32_t ra_register;
	uint8_t pointer_encoding; /* of DW_CFA_set_loc */
	bool is_arm64;
};

#define CFA_MAX_REMEMBERED 16

struct cfa_program {
	const struct cfa_form *form;
	const struct eh_pointer_base *base;
	const struct cfa_state *initial; /* what DW_CFA_restore goes back to; NULL in a CIE */
	struct byte_cursor code;
	uint64_t location; /* kept by the caller; DW_CFA_set_loc needs it */
	struct cfa_state state;
	struct cfa_state remembered[CFA_MAX_REMEMBERED];
	uint32_t n_remembered;
};

enum cfa_step {
	CFA_ADVANCE, /* the state holds for the next so many bytes, then the program goes on */
	CFA_DONE,    /* the state holds to the end of the function */
	CFA_BAD,     /* the program makes no sense */
};

/* Run to the next advance of the location, which is not 0. */
enum cfa_step cfa_program_step(struct cfa_program *program, uint64_t *ret_advance);
