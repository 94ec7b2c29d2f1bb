/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Arch: all in which the unwinder's two machines differ, x86-64 and arm64. A test may define
 * ARCH_IS_ARM64 itself, to walk the other one's stacks.
 *
 * x86-64: the call pushes the return address, so a frame ends with it, and the frame pointer points
 * to a pair just below that end: the caller's frame pointer and the return address.
 * arm64: the call leaves the return address in x30. A function that calls others stores x29 and
 * x30, its frame record, anywhere in its frame, and lets x29 point to it. It may sign x30 first.
 *
 * Registers are numbered as in DWARF.
 */

#include "bpf/unwind_table.h"

#if !defined(__bpf__) && !defined(__always_inline)
#define __always_inline inline __attribute__((always_inline))
#endif

#ifndef ARCH_IS_ARM64
#if defined(__TARGET_ARCH_arm64) || (!defined(__bpf__) && defined(__aarch64__))
#define ARCH_IS_ARM64 1
#else
#define ARCH_IS_ARM64 0
#endif
#endif

#if ARCH_IS_ARM64

enum {
	ARCH_FP = 29,
	ARCH_SP = 31,
	ARCH_RETURN = 0,     /* what a system call returns … */
	ARCH_ARGUMENT_1 = 0, /* … and takes */
	ARCH_ARGUMENT_2 = 1,
	ARCH_CLONE = 220,           /* include/uapi/asm-generic/unistd.h */
	ARCH_TELLS_RBX = 0,         /* do rules say where the caller's rbx is? */
	ARCH_RECORD_ENDS_FRAME = 0, /* is the CFA right behind what the frame pointer points to? */
	ARCH_SIGNS_RETURN_PCS = 1,
	/* struct rt_sigframe: siginfo, ucontext up to x0 (arch/arm64/kernel/signal.c) */
	ARCH_SIGNAL_OFF = 312,
	ARCH_SIGNAL_WORDS = 33,
};

/* struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h), with which pt_regs begins */
struct arch_registers {
	uint64_t x[31], sp, pc, pstate;
};

static __always_inline int arch_is_user(const struct arch_registers *registers)
{
	return !(registers->pstate & 15); /* at exception level 0 */
}

static __always_inline void arch_take_registers(uint64_t *to, const struct arch_registers *from)
{
	__builtin_memcpy(to, from->x, sizeof(from->x));
	to[ARCH_SP] = from->sp;
}

/* The number of the system call that it is in, or −1: these registers do not tell. */
static __always_inline int64_t arch_system_call(const struct arch_registers *registers)
{
	(void)registers;
	return -1;
}

/* A signal frame's words: x0 … x30, sp, and pc, which is not taken. */
static __always_inline void arch_take_signal_words(uint64_t *to, const uint64_t *words)
{
	__builtin_memcpy(to, words, (ARCH_SIGNAL_WORDS - 1) * sizeof(*words));
}

/* Where the return address is, from the CFA, and where the frame pointer. */
static __always_inline int64_t arch_return_pc_off(const struct unwind_rule *rule)
{
	return rule->fp_off;
}

static __always_inline int64_t arch_fp_off(const struct unwind_rule *rule)
{
	return rule->fp_off - 8;
}

/* Where to read on from, lest the words of a frame that are needed are read in two goes. */
static __always_inline uint64_t arch_read_from(uint64_t return_pc_at, uint64_t sp)
{
	(void)sp;
	return return_pc_at - 8;
}

#else

enum {
	ARCH_FP = 6,
	ARCH_SP = 7,
	ARCH_RETURN = 0,     /* what a system call returns … */
	ARCH_ARGUMENT_1 = 5, /* … and takes */
	ARCH_ARGUMENT_2 = 4,
	ARCH_CLONE = 56, /* arch/x86/entry/syscalls/syscall_64.tbl */
	ARCH_TELLS_RBX = 1,
	ARCH_RECORD_ENDS_FRAME = 1,
	ARCH_SIGNS_RETURN_PCS = 0,
	/* struct rt_sigframe: a return address, ucontext up to r8 (arch/x86/include/asm/sigframe.h)
	 */
	ARCH_SIGNAL_OFF = 40,
	ARCH_SIGNAL_WORDS = 17,
};

/* struct pt_regs (arch/x86/include/asm/ptrace.h) */
struct arch_registers {
	uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, pc, cs,
		flags, sp, ss;
};

static __always_inline int arch_is_user(const struct arch_registers *registers)
{
	return (registers->cs & 3) == 3; /* in ring 3 */
}

static __always_inline void arch_take_registers(uint64_t *to, const struct arch_registers *from)
{
	to[0] = from->ax;
	to[1] = from->dx;
	to[2] = from->cx;
	to[3] = from->bx;
	to[4] = from->si;
	to[5] = from->di;
	to[ARCH_FP] = from->bp;
	to[ARCH_SP] = from->sp;
	to[8] = from->r8;
	to[9] = from->r9;
	to[10] = from->r10;
	to[11] = from->r11;
	to[12] = from->r12;
	to[13] = from->r13;
	to[14] = from->r14;
	to[15] = from->r15;
}

static __always_inline int64_t arch_system_call(const struct arch_registers *registers)
{
	return registers->orig_ax;
}

/* r8 … r15, di, si, bp, bx, dx, ax, cx, sp, ip (arch/x86/include/uapi/asm/sigcontext.h) */
static __always_inline void arch_take_signal_words(uint64_t *to, const uint64_t *words)
{
	__builtin_memcpy(to + 8, words, 8 * sizeof(*words));
	to[5] = words[8];
	to[4] = words[9];
	to[ARCH_FP] = words[10];
	to[3] = words[11];
	to[1] = words[12];
	to[0] = words[13];
	to[2] = words[14];
	to[ARCH_SP] = words[15];
}

static __always_inline int64_t arch_return_pc_off(const struct unwind_rule *rule)
{
	(void)rule;
	return -8;
}

static __always_inline int64_t arch_fp_off(const struct unwind_rule *rule)
{
	return rule->fp_off;
}

/* The frame pointer is among the six registers that a function saves below its return address. */
static __always_inline uint64_t arch_read_from(uint64_t return_pc_at, uint64_t sp)
{
	uint64_t low = return_pc_at - 56;

	return low < sp ? sp & ~7ULL : low;
}

#endif

#ifdef __bpf__
/* What a perf_event program is called with (include/uapi/linux/bpf_perf_event.h). */
struct bpf_perf_event_data {
	struct arch_registers regs;
	uint64_t sample_period;
	uint64_t addr;
};
#endif
