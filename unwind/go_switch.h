/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go switch: where code of Go's runtime, for x86-64, leaves its stack for another one.
 *
 * The tables of Go do not tell, but the code does: it is assembler that has hardly changed since
 * Go 1.16 (src/runtime/asm_amd64.s). It is known by the bytes of its instructions, and what is not
 * found in them is not known:
 *
 *     runtime.systemstack ──go_saved_find──► where the runtime keeps the goroutine of a thread
 *     a function's code ──go_switch_find──► turns: from here on, that rule holds
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_table.h"
#include "unwind/elf_content.h"

/* How the runtime finds the goroutine of a thread. Offsets are those of UNWIND_CFA_GO_SAVED. */
struct go_saved {
	bool is_known;
	int32_t g_off;    /* of the thread-local g, from the thread pointer */
	int16_t curg_off; /* of m.curg */
};

/* Read it from the code of runtime.systemstack. */
struct go_saved go_saved_find(struct elf_content code);

struct go_turn {
	size_t code_off; /* behind the instruction that turns */
	struct unwind_rule rule;
};

#define GO_SWITCH_MAX_TURNS 5

/*
 * The turns in @code, which is that of function @name, in the order of their addresses. Before the
 * first one stack depths hold. Rules that need @saved are UNWIND_CFA_UNSUPPORTED where that is not
 * known.
 *
 * Returns how many there are, at most GO_SWITCH_MAX_TURNS; 0 if any of those that the function
 * should have is missing.
 */
size_t go_switch_find(const char *name, struct elf_content code, const struct go_saved *saved,
		      struct go_turn *ret_turns);
