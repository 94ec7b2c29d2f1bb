/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Capture: a sample that cannot be walked further takes its registers and its stack along.
 */

#include "bpf/unwind.h"

/* A sample in the making. */
struct scratch {
	struct sample_record record;
	uint64_t frames[WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_PENDING_BYTES);
} pending_ring SEC(".maps");

struct capture {
	struct pending_record record;
	uint64_t frames[WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct capture);
} captures SEC(".maps");

/* The stack from @sp on, page by page: it may end in any of them. */
static __always_inline uint32_t copy_stack(uint8_t *to, uint64_t sp)
{
	uint64_t n = PAGE_BYTES - (sp & (PAGE_BYTES - 1));
	uint64_t done = 0;

	if (!bpf_probe_read_user(to, WIRE_STACK_BYTES, (void *)sp))
		return WIRE_STACK_BYTES;
	for (int i = 0; i < WIRE_STACK_BYTES / PAGE_BYTES; i++) {
		WALK_KEEP(n);
		WALK_KEEP(done);
		if (n > PAGE_BYTES || done > WIRE_STACK_BYTES - PAGE_BYTES ||
		    bpf_probe_read_user(to + done, n, (void *)(sp + done)))
			break;
		done += n;
		n = PAGE_BYTES;
	}
	return done;
}

/*
 * The frames so far, behind the record: those of the kernel, then those of the program. Global
 * functions, lest the verifier follows each way out of one loop into the other.
 */
__attribute__((noinline)) int copy_kernel_frames(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!capture || !scratch)
		return 0;
	for (uint32_t i = 0; i < WIRE_MAX_FRAMES; i++) {
		if (i >= scratch->record.n_kernel_frames)
			break;
		capture->frames[i] = scratch->frames[i];
	}
	return 0;
}

__attribute__((noinline)) int copy_user_frames(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct walk_state *state = my_walk();
	uint64_t n_kernel;

	if (!capture || !state)
		return 0;
	n_kernel = capture->record.sample.n_kernel_frames;
	for (uint32_t i = 0; i < UNWIND_MAX_FRAMES; i++) {
		uint64_t to = n_kernel + i;

		if (i >= state->walk.n_frames)
			break;
		WALK_KEEP(to);
		if (to >= WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES)
			break;
		capture->frames[to] = state->walk.frames[i];
	}
	return 0;
}

/*
 * Send the sample in the making, whose kernel frames are there, with what is needed to finish it.
 * Returns 0, or not. Global, so that it is verified once.
 */
__attribute__((noinline)) int send_capture(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct walk_state *state = my_walk();
	uint64_t size = sizeof(struct pending_record);
	struct pending_record *record;

	if (!capture || !scratch || !state)
		return 1;
	record = &capture->record;
	record->sample = scratch->record;
	record->sample.n_user_frames = state->walk.n_frames;
	record->pc = state->walk.pc;
	record->sp = state->walk.sp;
	record->fp = state->walk.fp;
	__builtin_memcpy(record->registers, state->walk.registers, sizeof(record->registers));
	record->has_registers = state->walk.has_registers;
	record->has_sp = state->walk.has_sp;
	record->is_leaf = state->walk.is_leaf;
	record->stack_bytes = copy_stack(record->stack, record->sp);
	copy_kernel_frames();
	copy_user_frames();
	size += (record->sample.n_kernel_frames + record->sample.n_user_frames) * sizeof(uint64_t);
	WALK_KEEP(size);
	if (size > sizeof(*capture))
		size = sizeof(*capture);
	return bpf_ringbuf_output(&pending_ring, capture, size, BPF_RB_FORCE_WAKEUP) != 0;
}
