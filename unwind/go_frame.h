/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go frame: unwind rows of Go code, from the stack depths in its pclntab.
 *
 * Go writes no .eh_frame, and what it writes to .debug_frame comes from the same depths. They are
 * exact from the first instruction to the last, leaves without a frame included. Not so where code
 * of the runtime leaves its goroutine's stack for that of the thread (go_switch.h):
 *
 *     systemstack, asmcgocall, calls of the vDSO   Where the frame pointer was saved (Go 1.21; some
 *                                                  of them before) it still points to the frame on
 *                                                  the goroutine's stack: UNWIND_CFA_FP_ANYWHERE.
 *                                                  Else what the runtime has saved leads there:
 *                                                  UNWIND_CFA_GO_SAVED.
 *     morestack, gogo                              Likewise UNWIND_CFA_GO_SAVED.
 *     mcall                                        The goroutine has been put aside, the thread
 *                                                  runs the scheduler: UNWIND_CFA_END.
 *     any of them whose code is not known          UNWIND_CFA_UNSUPPORTED.
 *     goexit, mstart, rt0_go                       The end of a stack, as Go has it too:
 *                                                  UNWIND_CFA_END.
 *     sigreturn                                    UNWIND_CFA_SIGNAL, from one byte before it, as
 *                                                  it is never called, just returned to.
 */

#include <stdint.h>

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

struct go_frame_report {
	uint32_t n_functions;
	uint32_t n_bad;           /* that make no sense, and were passed over */
	uint32_t n_stack_unknown; /* rules that are UNWIND_CFA_UNSUPPORTED */
};

/*
 * Append the rows of @file, sorted, to the empty @rows; where a function ends without another one
 * there is a row without a rule. A file that is not of Go has none.
 *
 * Returns 0 and sets *@ret_report, -ENOMEM, or -EFBIG: there are UNWIND_MAX_ROWS.
 */
int go_frame_read(struct elf_file *file, struct unwind_rule_set *set, struct unwind_rows *rows,
		  struct go_frame_report *ret_report);
