/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Linkage table: the code by which calls leave for other files (.plt and its like). Some linkers
 * write no call frame information for it, as LLVM's, and some tools take it away; but it has few
 * forms, and is known by its bytes.
 *
 *     x86-64    push [rip + …]; jmp [rip + …]       the head, which an entry jumps to with one
 *                                                   word on the stack
 *               jmp [rip + …]; push N; jmp head     an entry
 *               endbr64; push N; jmp head           one with a second table for its jumps
 *               endbr64; jmp [rip + …]              of that table, or of one that binds nothing
 *     arm64     stp x16, x30, [sp, −16]! …          the head
 *               …                                   an entry, which leaves sp and x30 alone
 */

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

/*
 * Append the rules of entries of @file where @rows, sorted, have none to the empty @ret_over,
 * sorted.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int linkage_table_read(struct elf_file *file, const struct unwind_rows *rows,
		       struct unwind_rule_set *set, struct unwind_rows *ret_over);
