/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unwind loss: what tables do not say, though the file does.
 */

enum unwind_loss {
	/* Rules that are UNWIND_CFA_UNSUPPORTED, for */
	UNWIND_LOSS_CFA_EXPRESSION, /* an expression of a form that is not known */
	UNWIND_LOSS_CFA_OFFSET,     /* a register or an offset out of range */
	UNWIND_LOSS_RA,             /* a return address that is at another place */
	UNWIND_LOSS_SIGNAL,         /* a signal frame that is not the kernel's */
	UNWIND_LOSS_RULE_COUNT,     /* more than UNWIND_MAX_FILE_RULES in the file */
	UNWIND_LOSS_CHUNK_ROWS,     /* more rows than a chunk can have: one for each of its bytes */
	UNWIND_LOSS_GO_STACK,       /* Go's runtime where it leaves the stack (go_frame.h) */
	UNWIND_LOSS_BAD_PROGRAM,    /* a CFA program that makes no sense */
	/* Rules that are UNWIND_FP_UNDEFINED, for */
	UNWIND_LOSS_FP, /* a frame pointer that is at another place */
	/* Functions without rows, for */
	UNWIND_LOSS_BAD_ENTRY, /* a CIE or FDE that makes no sense */
	UNWIND_LOSS_OVERLAP,   /* another FDE says other things of the same code */
	UNWIND_LOSS_COUNT,
};
