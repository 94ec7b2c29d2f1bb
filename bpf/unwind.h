/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind: the walk through the stack of the thread that a tick has hit, in the kernel.
 *
 * All state is in memory of this CPU. The stack is read in windows of 1 KiB, since a read costs the
 * same for eight bytes as for a thousand. step() is a global function, which the verifier looks at
 * once, so that UNWIND_MAX_FRAMES of them fit into one program on every kernel.
 */

#include "bpf/ring.h"
#include "bpf/rule_lookup.h"
#include "bpf/unwind_step.h"
#include "bpf/vma.h"
#include "bpf/file_request.h"

enum {
	WINDOW_BYTES = 1024,
	PAGE_BYTES = 4096,
	VDSO_BYTES = 2 * PAGE_BYTES,
	SYSTEM_CALL_CLONE3 = 435, /* on every machine */
	CLONE_ARGS_STACK_OFF = 40,
};

/* See struct walk. Set before loading. */
const volatile uint64_t pc_mask = ~0ULL;

struct walk_state {
	struct walk walk;
	struct vma vma;
	uint64_t window_address;
	uint64_t window_bytes; /* valid ones */
	uint8_t window[WINDOW_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct walk_state);
} walk_states SEC(".maps");

static __always_inline struct walk_state *my_walk(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&walk_states, &zero);
}

static __always_inline struct walk_state *state_of(struct walk *walk)
{
	return (struct walk_state *)walk; /* it is the first field */
}

/* Read a window from @address on; where it ends in a page that is not there, what is before that.
 */
static __always_inline void fill_window(struct walk_state *state, uint64_t address)
{
	uint64_t n = PAGE_BYTES - (address & (PAGE_BYTES - 1));

	state->window_address = address;
	state->window_bytes = WINDOW_BYTES;
	if (!bpf_probe_read_user(state->window, WINDOW_BYTES, (void *)address))
		return;
	WALK_KEEP(n);
	n &= WINDOW_BYTES - 1;
	state->window_bytes = n;
	if (n < 8 || bpf_probe_read_user(state->window, n, (void *)address))
		state->window_bytes = 0;
}

static __always_inline int walk_read(struct walk *walk, uint64_t address, uint64_t low,
				     uint64_t *ret_word)
{
	struct walk_state *state = state_of(walk);
	uint64_t off = address - state->window_address;

	if (off + 8 > state->window_bytes || off > WINDOW_BYTES) {
		fill_window(state, low);
		off = address - state->window_address;
	}
	if (off + 8 > state->window_bytes || off > WINDOW_BYTES)
		return bpf_probe_read_user(ret_word, sizeof(*ret_word), (void *)address) != 0;
	WALK_KEEP(off);
	if (off > WINDOW_BYTES - 8)
		return 1;
	*ret_word = *(uint64_t *)(state->window + off);
	return 0;
}

static __always_inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
					   uint32_t n_words)
{
	(void)walk;
	return bpf_probe_read_user(ret_words, n_words * 8, (void *)address) != 0;
}

static __always_inline uint64_t walk_find_rule(struct walk *walk,
					       const struct walk_mapping *mapping,
					       uint64_t file_off)
{
	(void)walk;
	return find_rule_in_table(mapping, file_off);
}

/* A file that nobody has asked for yet: ask, once. Where that fails, since another CPU was quicker
 * or there is no room, user space will ask when it finishes the walk. */
static __always_inline void find_new_file(struct walk_mapping *mapping, const struct vma *vma,
					  struct task_struct *task)
{
	mapping->kind = UNWIND_FILE_PENDING;
	mapping->file = ask_for_file(vma, task, ASKED_BY_TICK);
}

/* A word of the stack that is none of code: frame pointers have led astray. Other memory may well
 * be a JIT's, which takes its right to be executed away while it writes. */
static __always_inline int is_in_stack(const struct walk *walk, const struct vma *vma)
{
	return walk->sp >= vma->start_pc && walk->sp < vma->end_pc && !vma->is_executable;
}

static __always_inline int walk_find_mapping(struct walk *walk, uint64_t pc)
{
	struct task_struct *task = current_task();
	struct walk_mapping *mapping = &walk->mappings[0];
	struct vma *vma = &state_of(walk)->vma;
	struct unwind_file *file;
	struct mm_struct *mm;
	uint64_t vdso;

	if (find_vma(vma, pc, task) != VMA_FOUND || is_in_stack(walk, vma))
		return STACK_TRUNCATED_NO_MAPPING;
	mapping->start_pc = vma->start_pc;
	mapping->end_pc = vma->end_pc;
	mapping->file_off = vma->file_off;
	mapping->kind = UNWIND_FILE_NONE;
	mapping->file = 0;
	if (!vma->key.inode) {
		mm = TASK_READ(task, mm);
		vdso = (uint64_t)READ_FIELD(KNOWS_TASK, mm, context.vdso);
		if (pc - vdso >= VDSO_BYTES)
			return 0;
		vma->key.inode = 1;
		mapping->file_off = 0;
	}
	file = bpf_map_lookup_elem(&unwind_files, &vma->key);
	if (!file) {
		find_new_file(mapping, vma, task);
		return 0;
	}
	mapping->kind = file->kind;
	mapping->file = file->file;
	mapping->table = file->table;
	mapping->n_chunks = file->n_chunks;
	file->last_used_s = bpf_ktime_get_ns() / 1000000000;
	return 0;
}

/* One frame of this CPU's walk. Global, so that it is verified once. */
__attribute__((noinline)) int step(void)
{
	struct walk_state *state = my_walk();

	return state ? walk_step(&state->walk) : STACK_NO_USER;
}

/*
 * Is it still in the system call that has made it, on the stack that its maker has given to it? It
 * has no caller then, but its code is its maker's, whose rules go astray there.
 */
static __always_inline int is_newborn(const struct walk *walk, int64_t system_call)
{
	uint64_t stack[2]; /* struct clone_args: where it lies, and its size */
	uint64_t sp = walk->registers[ARCH_SP];

	if (walk->registers[ARCH_RETURN])
		return 0;
	if (system_call == ARCH_CLONE)
		return sp == walk->registers[ARCH_ARGUMENT_2];
	return system_call == SYSTEM_CALL_CLONE3 &&
	       !bpf_probe_read_user(
		       stack, sizeof(stack),
		       (void *)(walk->registers[ARCH_ARGUMENT_1] + CLONE_ARGS_STACK_OFF)) &&
	       sp == stack[0] + stack[1];
}

static __always_inline void take_registers(struct walk *walk, const struct arch_registers *from)
{
	arch_take_registers(walk->registers, from);
	walk_enter(walk, from->pc);
	walk->is_newborn = is_newborn(walk, arch_system_call(from));
}

static __always_inline uint64_t kernel_stack_bytes(void)
{
	if (bpf_core_type_exists(struct irq_stack))
		return bpf_core_type_size(struct irq_stack);
	return 1ULL << (page_shift > 14 ? page_shift : 14); /* arch/arm64/include/asm/memory.h */
}

/*
 * As the thread entered the kernel: before 5.15, from the top of its stack there. Functions, lest
 * clang reads several kinds of registers through one pointer, which the verifier does not follow.
 */
static __attribute__((noinline)) int take_saved_registers(struct walk_state *state,
							  struct task_struct *task)
{
	struct arch_registers *saved;
	uint64_t top;

	if (!state || !task)
		return 0;
	saved = (struct arch_registers *)state->window;
	top = (uint64_t)TASK_READ(task, stack) + kernel_stack_bytes();
	if (!bpf_probe_read_kernel(saved, sizeof(*saved),
				   (void *)(top - bpf_core_type_size(struct pt_regs))) &&
	    arch_is_user(saved))
		take_registers(&state->walk, saved);
	return 0;
}

static __attribute__((noinline)) int take_task_registers(struct walk_state *state,
							 struct task_struct *task)
{
	if (!state || !task)
		return 0;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		take_registers(&state->walk, (struct arch_registers *)bpf_task_pt_regs(task));
	else
		take_saved_registers(state, task);
	return 0;
}

/* Where the thread's own variables are; of x86-64, whose rules alone ask for it. */
static __always_inline uint64_t thread_pointer_of(const struct task_struct *task)
{
	return ARCH_IS_ARM64 ? 0 : TASK_READ(task, thread.fsbase);
}

static __always_inline int is_in_kernel(const struct bpf_perf_event_data *ctx)
{
	return (int64_t)ctx->regs.pc <= 0;
}

/* In execve() mappings are the new program's before registers are: until it is said where its code
 * is, the code at pc is another one's. */
static __always_inline int is_unfinished(const struct mm_struct *mm)
{
	return !READ_FIELD(KNOWS_TASK, mm, start_code);
}

/* Begin where the thread was in user space, or entered the kernel. Returns whether it was. */
static __always_inline int begin_walk(struct walk_state *state, struct bpf_perf_event_data *ctx,
				      struct task_struct *task)
{
	struct mm_struct *mm = TASK_READ(task, mm);
	struct walk *walk = &state->walk;

	walk->n_frames = 0;
	walk->n_by_frame_pointer = 0;
	walk->n_pcs = 0;
	walk->goes_on = 0;
	walk->hash = 0;
	walk->pc_mask = pc_mask;
	walk->mappings[0] = walk->mappings[1] = (struct walk_mapping){};
	state->window_bytes = 0;
	walk->pc = 0;
	walk->thread_pointer = thread_pointer_of(task);
	if (!is_in_kernel(ctx))
		take_registers(walk, &ctx->regs);
	else if (mm)
		take_task_registers(state, task);
	return mm && walk->pc && !is_unfinished(mm);
}

/* Walk to the end, or to a file whose table is pending. Returns an enum stack_outcome. Global for
 * the same reason. */
__attribute__((noinline)) int run_walk(void)
{
	int r = STEP_ON;

	for (int i = 0; i <= UNWIND_MAX_FRAMES; i++) {
		r = step();
		if (r != STEP_ON)
			break;
	}
	return r == STEP_ON ? STACK_TRUNCATED_DEPTH : r;
}
