/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bare code: what code without call frame information, for x86-64, tells by its bytes alone.
 *
 * C libraries are often built without any, as musl is. Of some places it is known all the same how
 * a stack goes on from there:
 *
 *     the return from a signal    mov eax or rax, 15; syscall is the system call rt_sigreturn(2),
 *                                 and nothing else: UNWIND_CFA_SIGNAL. From one byte before it, as
 *                                 it is never called, just returned to.
 *     the call of main            in __libc_start_main, or in what its code takes the address of,
 *                                 what returns is handed to exit(3) at once: UNWIND_CFA_END.
 *     the entry of the file       which nobody has called: UNWIND_CFA_END. Of a C library, to the
 *                                 call that hands on the first stack pointer; of glibc's loader,
 *                                 to its jump to the program; of glibc's programs, to the hlt
 *                                 behind the call of __libc_start_main.
 */

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

/*
 * Append what is found where @rows, sorted, have no rule to the empty @ret_over, sorted.
 *
 * Returns 0, or -ENOMEM.
 */
int bare_code_read(struct elf_file *file, const struct unwind_rows *rows,
		   struct unwind_rule_set *set, struct unwind_rows *ret_over);
