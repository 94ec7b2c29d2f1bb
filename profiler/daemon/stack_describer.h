/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stack describer: the describer's half that knows stacks. It makes places in files of what the
 * kernel half has found, and marks the stacks that are cut.
 */

#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/frame.h"

struct kernel_describer;
struct process;
struct process_reader;
struct stack;
struct stack_table;
struct table_loader;

struct stack_describer {
	struct process_reader *reader; /* borrowed, as all are */
	struct table_loader *tables;
	struct stack_table *table;
	struct kernel_describer *kernel;
	/* The frames of a stack must be sent again by the kernel half. */
	void (*on_forget_stack)(void *context, uint64_t stack_hash);
	void *context;
};

/*
 * The frames of @record, those of the kernel first. Frames of the kernel's callers are return
 * addresses; a byte less lies in the call. Those of the program hold the call already.
 */
void stack_describer_describe(struct stack_describer *describer, struct process *process,
			      const struct sample_record *record, struct frame *ret_frames);

/* The kernel's ranges are other ones than they were: tell the kernel describer of all frames that
 * it may want the files of. */
void stack_describer_meet_again(const struct stack_describer *describer);

/*
 * The stack of @record, which has @size bytes. Returns 0 and sets *@ret_stack (borrowed: lives
 * until the table forgets it), -ENOENT: it came without frames, and is not known; -ENOSPC or
 * -ENOMEM.
 */
int stack_describer_get(struct stack_describer *describer, struct process *process,
			const struct sample_record *record, size_t size, struct stack **ret_stack);

/* As above, for frames that no record of the kernel half has a hash of. */
int stack_describer_get_finished(struct stack_describer *describer, const struct frame *frames,
				 size_t n_frames, enum stack_outcome outcome,
				 struct stack **ret_stack);
