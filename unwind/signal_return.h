/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Signal return: the code to which a signal handler returns, on arm64. Neither the vDSO of kernels
 * from 5.8 on (arch/arm64/kernel/vdso/sigreturn.S) nor musl has call frame information for it, so
 * it is known by what it does: mov x8, #139; svc #0.
 */

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

/*
 * Append to @rows, sorted, a signal frame's rule for all such code in @file, from the byte before
 * it on: nobody has called it, so what is called there lies before. Other machines have none.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int signal_return_read(const struct elf_file *file, struct unwind_rule_set *set,
		       struct unwind_rows *rows);
