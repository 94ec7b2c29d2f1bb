/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/stack_describer.h"

#include <errno.h>
#include <string.h>

#include "profiler/daemon/kernel_describer.h"
#include "profiler/daemon/process_reader.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/process_table.h"
#include "profiler/stack_table.h"
#include "profiler/status.h"

/* Stacks of a process that are described again. */
enum { MAX_PROVISIONAL = 16 };

/* A place in a file, as the kernel half has found it; or a pc, which it has not. */
static struct frame describe_user_frame(struct stack_describer *describer, struct process *process,
					uint64_t frame)
{
	uint32_t code_file = (uint32_t)(frame >> 32) & INT32_MAX;
	uint32_t number;

	if (!(frame & UNWIND_FRAME_IS_FILE))
		return process_reader_place(describer->reader, process, frame);
	number = table_loader_find(describer->tables, code_file);
	if (!number)
		return (struct frame){ FRAME_UNMAPPED, 0, (uint32_t)frame };
	return process_reader_place_in_file(describer->reader, process, number, (uint32_t)frame);
}

void stack_describer_describe(struct stack_describer *describer, struct process *process,
			      const struct sample_record *record, struct frame *ret_frames)
{
	for (uint32_t i = 0; i < record->n_kernel_frames + record->n_user_frames; i++) {
		uint64_t frame = record->frames[i];

		if (i < record->n_kernel_frames) {
			ret_frames[i] = (struct frame){ FRAME_KERNEL, 0, frame - (i > 0) };
			kernel_describer_meet(describer->kernel, ret_frames[i].place);
		} else {
			ret_frames[i] = describe_user_frame(describer, process, frame);
		}
	}
}

static void meet_again(void *context, const struct stack *stack)
{
	for (uint32_t i = 0; i < stack->n_frames && stack->frames[i].kind == FRAME_KERNEL; i++)
		kernel_describer_meet_again(context, stack->frames[i].place);
}

void stack_describer_meet_again(const struct stack_describer *describer)
{
	stack_table_each(describer->table, meet_again, describer->kernel);
}

/* A stack with a pc that is not mapped yet, in a process that lives: the kernel half shall send its
 * frames once more, for the mappings may be there when it is seen again. */
static void note_unmapped(struct stack_describer *describer, struct process *process,
			  struct stack *stack)
{
	for (uint32_t i = 0; i < stack->n_frames; i++)
		stack->is_provisional |= stack->frames[i].kind == FRAME_UNMAPPED;
	stack->is_provisional &= !process->is_gone && process->n_provisional < MAX_PROVISIONAL;
	if (!stack->is_provisional)
		return;
	process->n_provisional++;
	describer->on_forget_stack(describer->context, stack->hash);
}

/* Add a stack with room for @n_frames, and behind these the mark that says why it is cut, if so. */
static int add_stack(struct stack_describer *describer, uint64_t hash, uint32_t n_frames,
		     enum stack_outcome outcome, struct stack **ret_stack)
{
	bool is_cut = stack_cut_reasons[outcome];
	int r;

	r = stack_table_add(describer->table, hash, n_frames + is_cut, ret_stack);
	if (r < 0)
		return r;
	(*ret_stack)->outcome = outcome;
	if (is_cut)
		(*ret_stack)->frames[n_frames] = (struct frame){ FRAME_CUT, 0, outcome };
	return 0;
}

int stack_describer_get(struct stack_describer *describer, struct process *process,
			const struct sample_record *record, size_t size, struct stack **ret_stack)
{
	uint32_t n_frames = record->n_kernel_frames + record->n_user_frames;
	bool has_frames = size == sizeof(*record) + n_frames * sizeof(record->frames[0]);
	struct stack *stack = stack_table_find(describer->table, record->stack_hash);
	int r;

	if (stack && stack->is_provisional && has_frames) {
		stack_table_remove(describer->table, stack);
		stack = NULL;
	}
	if (stack) {
		*ret_stack = stack;
		return 0;
	}
	if (!has_frames)
		return -ENOENT;
	r = add_stack(describer, record->stack_hash, n_frames, record->outcome, ret_stack);
	if (r < 0) {
		describer->on_forget_stack(describer->context, record->stack_hash);
		return r;
	}
	stack_describer_describe(describer, process, record, (*ret_stack)->frames);
	note_unmapped(describer, process, *ret_stack);
	return 0;
}

int stack_describer_get_finished(struct stack_describer *describer, const struct frame *frames,
				 size_t n_frames, enum stack_outcome outcome,
				 struct stack **ret_stack)
{
	uint64_t hash = stack_hash(frames, n_frames, outcome);
	int r;

	*ret_stack = stack_table_find(describer->table, hash);
	if (*ret_stack)
		return 0;
	r = add_stack(describer, hash, (uint32_t)n_frames, outcome, ret_stack);
	if (r == 0)
		memcpy((*ret_stack)->frames, frames, n_frames * sizeof(*frames));
	return r;
}
