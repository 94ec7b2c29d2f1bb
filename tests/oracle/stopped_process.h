/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stopped process: one that stands still, whose stack is walked by the steps of bpf/unwind_step.h,
 * in its own memory, by tables that are compiled from the files that it has mapped.
 *
 *     registers ──stopped_process_walk──► found stack, to be compared with what others say
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"

enum {
	STOPPED_REGISTERS = 16,   /* by DWARF number, of x86-64 */
	STOPPED_MAX_FRAMES = 512, /* as many as are walked */
};

struct stopped_registers {
	uint64_t pc;
	uint64_t thread_pointer;
	uint64_t dwarf[STOPPED_REGISTERS];
};

struct found_frame {
	uint64_t pc; /* where the frame goes on: of a caller, the return address */
	uint64_t sp;
	uint64_t fp;
	bool lands; /* it goes on at a landing pad, for which its callee is just leaving */
};

struct found_stack {
	enum stack_outcome outcome;
	size_t n_frames;
	size_t n_by_rule; /* as many, leaf first, were left as their tables say, before one was not
			   */
	struct found_frame frames[STOPPED_MAX_FRAMES];
};

struct stopped_process;

/*
 * Returns 0 and sets *@ret_process (owned by the caller), or -ENOMEM, or what open(2) says of the
 * memory of process @pid.
 */
int stopped_process_open(int pid, struct stopped_process **ret_process);

/* Accepts NULL. Always returns NULL. */
struct stopped_process *stopped_process_free(struct stopped_process *process);

/* Look at its mappings anew: it has run. Returns 0, -ENOMEM, or what reading /proc says. */
int stopped_process_refresh(struct stopped_process *process);

void stopped_process_walk(struct stopped_process *process,
			  const struct stopped_registers *registers, struct found_stack *ret_stack);

/* A word of its memory; 0 if there is none. */
uint64_t stopped_process_word(const struct stopped_process *process, uint64_t address);

/* Print where @pc is: the path of a file and the offset in it. */
void stopped_process_print_place(const struct stopped_process *process, uint64_t pc);
