/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Landing: how libgcc leaves its own frames for the landing pad of an exception, of which its call
 * frame information says nothing. For x86-64.
 *
 * Each of its functions that does so (_Unwind_RaiseException, _Unwind_Resume, …) ends in this way,
 * in libgcc_s.so.1 as in programs and libraries that it is linked into:
 *
 *     call uw_install_context_1      from here on: UNWIND_CFA_LANDING
 *     mov  rdi, [rbp + CFA]
 *     mov  rsi, [rbp + CFA + 8]      perhaps by another register, or before the other one
 *     call _Unwind_DebugHook         whose arguments debuggers know: CFA and pc of the landing pad
 *     …
 *     mov  rbp, [rbp]
 *     mov  rsp, rcx                  from here on: the rules that it has, as UNWIND_CFA_… lands
 *     pop  rcx; jmp rcx              or ret
 *
 * Both arguments lie in its struct _Unwind_Context (libgcc/unwind-dw2.c), whose first words are
 * where each register of the landing pad's frame has been saved.
 */

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

/*
 * Append what is found in the code of @rows, sorted, to the empty @ret_over, sorted. Its rules are
 * added to @set.
 *
 * Returns 0, or -ENOMEM.
 */
int landing_read(const struct elf_file *file, const struct unwind_rows *rows,
		 struct unwind_rule_set *set, struct unwind_rows *ret_over);
