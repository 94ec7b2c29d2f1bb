/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Landing: how libgcc leaves its own frames for the landing pad of an exception, of which its call
 * frame information says nothing.
 *
 * Each of its functions that does so (_Unwind_RaiseException, _Unwind_Resume, …) ends in this way,
 * in libgcc_s.so.1 as in programs and libraries that it is linked into. On x86-64:
 *
 *     call uw_install_context_1      from here on: UNWIND_CFA_LANDING
 *     mov  rdi, [rbp + CFA]
 *     mov  rsi, [rbp + CFA + 8]      perhaps by another register, or before the other one
 *     call _Unwind_DebugHook         whose arguments debuggers know: CFA and pc of the landing pad
 *     …
 *     mov  rbp, [rbp]
 *     mov  rsp, rcx                  from here on the return address that its tables tell of is
 *     pop  rcx; jmp rcx              the landing pad: the rule `lands`. Or ret
 *
 * On arm64, where the stack pointer stays until then:
 *
 *     bl   uw_install_context_1      from here on: UNWIND_CFA_LANDING
 *     mov  x4, x0                    perhaps
 *     ldr  x0, [sp, CFA]
 *     ldr  x1, [sp, CFA + 8]
 *     bl   _Unwind_DebugHook
 *     str  x1, [x29, 8]              over its return address
 *     ldp …; add sp, sp, …           to here; but just to a jump to here if who returns to his
 *     add  sp, sp, x4; ret           caller comes here, too: nothing but x4 tells which it is
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
